import {
  ERROR_CODE_HEADER,
  ERROR_HEADER,
  isNoResponders,
  ServiceError,
  textOf,
  type Message,
} from '@natsmith/protocol';
import { decodeBody, type BodyKind } from './body';
import { NoResponders } from './no-responders';

/** The value of a reply; throws the error that it carries. @param subject that the request went to */
export function readReply(message: Message, as: BodyKind, subject: string): unknown {
  const error = errorIn(message, subject);
  if (error !== undefined) throw error;
  return decodeBody(message.data, as, subject);
}

/** The error that a reply carries: a service's own (ADR-32, Error handling), or that nobody listens. */
export function errorIn(message: Message, subject: string): ServiceError | undefined {
  if (isNoResponders(message)) return new NoResponders(subject);
  const { headers, data } = message;
  if (headers === undefined) return undefined;
  const code = headers.values(ERROR_CODE_HEADER)[0];
  const description = headers.values(ERROR_HEADER)[0];
  if (code === undefined && description === undefined) return undefined;
  const others = headers.keys().filter((name) => name !== ERROR_CODE_HEADER && name !== ERROR_HEADER);
  // A service that sends no number has failed all the same.
  return new ServiceError(Number.isNaN(Number(code ?? NaN)) ? 500 : Number(code), description ?? '', {
    data: data.length === 0 ? undefined : jsonOrText(data),
    headers: Object.fromEntries(others.map((name) => [name, oneOrMany(headers.values(name))])),
  });
}

function oneOrMany(values: string[]): string | string[] {
  return values.length === 1 ? (values[0] ?? '') : values;
}

function jsonOrText(data: Uint8Array): unknown {
  const text = textOf(data);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
