import { Buffer } from '../platform/node';
/** The number of an error reply, safe to parse (ADR-32, Error handling). */
export const ERROR_CODE_HEADER = 'Nats-Service-Error-Code';
/** The description of an error reply, one line (ADR-32, Error handling). */
export const ERROR_HEADER = 'Nats-Service-Error';
/** Milliseconds that the caller still waits, a decimal number. */
export const TIMEOUT_HEADER = 'Natsmith-Timeout';
/** Names the subject on which a message, whatever it holds, takes the request back. */
export const CANCEL_HEADER = 'Natsmith-Cancel';
/** Names a 500 reply and its log line, so that the two can be matched. */
export const REQUEST_ID_HEADER = 'Natsmith-Request-Id';
/** Asks an endpoint without a queue group which instance answers; the reply says its id in the same header. */
export const INSTANCE_HEADER = 'Natsmith-Instance';
/** Those of W3C Trace Context and Baggage. */
export const TRACE_HEADERS: readonly string[] = ['traceparent', 'tracestate', 'baggage'];

/** What is wrong with a header name, or undefined when nothing is: printable ASCII without blanks and ":". */
export function headerNameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string') return `a header name must be a string, got ${name === null ? 'null' : typeof name}`;
  if (/^[!-9;-~]+$/.test(name)) return undefined;
  return `${JSON.stringify(name)} is not a header name; use printable ASCII without spaces and ":"`;
}

/** What is wrong with a header value, or undefined when nothing is: a line break would end the header. */
export function headerValueProblem(name: string, value: unknown): string | undefined {
  if (typeof value !== 'string')
    return `the value of header "${name}" must be a string, got ${value === null ? 'null' : typeof value}`;
  if (!/[\r\n\0]/.test(value)) return undefined;
  return `the value of header "${name}" contains a line break or NUL; a header value is one line`;
}

/** Makes one line of a text, for a header value. */
export function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
}

/** Headers on their way out: as text, and as both client libraries take them when they publish. */
export interface HeaderBlock {
  block(): string;
  encode(): Uint8Array;
}

/** A block of the given headers; throws a TypeError for one that cannot be sent. */
export function headerBlock(lines: Iterable<readonly [name: string, value: string]>): HeaderBlock {
  let text = 'NATS/1.0\r\n';
  for (const [name, value] of lines) {
    const problem = headerNameProblem(name) ?? headerValueProblem(name, value);
    if (problem !== undefined) throw new TypeError(problem);
    text += `${name}: ${value}\r\n`;
  }
  const block = `${text}\r\n`;
  const bytes = Buffer.from(block);
  return { block: () => block, encode: () => bytes };
}
