import {
  ERROR_CODE_HEADER,
  ERROR_HEADER,
  headersIn,
  isNoResponders,
  markReceived,
  oneLine,
  ServiceError,
  textOf,
  type Message,
  type ReceivedHeaders,
} from '@natsmith/protocol';
import { decodeBody, type BodyKind } from './body';
import { NoRespondersError } from './no-responders-error';

/** The value of a reply. @throws the error that it carries. @param subject that the request went to */
export function readReply(message: Message, as: BodyKind, subject: string): unknown {
  const error = errorIn(message, subject);
  if (error !== undefined) throw error;
  return decodeBody(message.data, as, subject);
}

/** The error that a reply carries: a service's own (ADR-32, Error handling), or that nobody listens. */
export function errorIn(message: Message, subject: string): ServiceError | undefined {
  if (isNoResponders(message)) return new NoRespondersError(subject);
  const headers = headersIn(message);
  return headers === undefined ? undefined : errorFrom(headers, message);
}

/** The error that a reply of `requestMany` carries (ADR-32, Error handling); undefined where it carries none. */
export function replyError(reply: Body & { readonly headers: ReceivedHeaders }): ServiceError | undefined {
  return errorFrom(reply.headers, reply);
}

interface Body {
  readonly data: Uint8Array;
}

function errorFrom(headers: ReceivedHeaders, body: Body): ServiceError | undefined {
  const code = headers.get(ERROR_CODE_HEADER);
  const description = headers.get(ERROR_HEADER);
  if (code === undefined && description === undefined) return undefined;
  const { data } = body;
  const others = headers.keys().filter((name) => name !== ERROR_CODE_HEADER && name !== ERROR_HEADER);
  const error = new ServiceError(codeOf(code), oneLine((description ?? '').slice(0, MAX_DESCRIPTION)), {
    data: data.length === 0 ? undefined : jsonOrText(data),
    headers: Object.fromEntries(others.slice(0, MAX_HEADERS).map((name) => [name, oneOrMany(headers.getAll(name))])),
  });
  // A handler that lets it through must not pass on what was meant for its service alone.
  return markReceived(error);
}

/** What is kept of an error that somebody else wrote: it is going to be logged and shown. */
const MAX_DESCRIPTION = 1_024;
const MAX_HEADERS = 100;

/** A service that sends no number has failed all the same. */
function codeOf(code: string | undefined): number {
  return code !== undefined && /^-?\d{1,9}$/.test(code) ? Number(code) : 500;
}

function oneOrMany(values: string[]): string | string[] {
  return values.length === 1 ? (values[0] ?? '') : values.slice(0, MAX_HEADERS);
}

function jsonOrText(data: Uint8Array): unknown {
  const text = textOf(data);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
