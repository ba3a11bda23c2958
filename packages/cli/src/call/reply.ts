import { ERROR_CODE_HEADER, ERROR_HEADER, ServiceError, type Message } from '@natsmith/protocol';
import { harmless, paint, print } from '../output/output';

/** The error that a reply carries (ADR-32, Error handling), or undefined. */
export function errorIn({ headers, data }: Message): ServiceError | undefined {
  const code = headers?.values(ERROR_CODE_HEADER)[0];
  const description = headers?.values(ERROR_HEADER)[0];
  if (code === undefined && description === undefined) return undefined;
  const number = Number(code ?? NaN);
  return new ServiceError(Number.isNaN(number) ? 500 : number, description ?? '', { data: valueOf(data) });
}

/** A body for programs: its JSON value, else its text, else base64; undefined for an empty one. */
export function valueOf(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  const text = textOf(body);
  if (text === undefined) return { base64: Buffer.from(body).toString('base64') };
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Writes a body for people on a terminal, and as it came elsewhere. */
export function printBody(body: Uint8Array): void {
  if (!process.stdout.isTTY) {
    process.stdout.write(body);
    return print();
  }
  const text = textOf(body);
  if (text === undefined) return print(paint.dim(`(${body.length} bytes that are no text; send them to a file)`));
  const value = valueOf(body);
  if (body.length === 0) print(paint.dim('(empty)'));
  else print(typeof value === 'string' && value === text ? harmless(text) : JSON.stringify(value, undefined, 2));
}

/** All headers, each with its values. */
export function headersOf({ headers }: Message): Record<string, string[]> {
  return Object.fromEntries((headers?.keys() ?? []).map((name) => [name, headers?.values(name) ?? []]));
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
