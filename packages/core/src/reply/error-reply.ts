import { ERROR_CODE_HEADER, ERROR_HEADER, oneLine, type ServiceError } from '@natsmith/protocol';
import type { Codec } from '../define/handler';
import { codecNamed, encodeReply } from '../payload/codec';
import type { Body } from './outlet';
import type { HeadersToSend } from '../pipeline/headers';

// A header counts towards max_payload; nobody reads more of a description anyway.
const MAX_DESCRIPTION = 1024;

/** More names of headers cost more than anybody could mean to send. */
const MAX_HEADERS = 1000;

export interface ErrorReply {
  readonly headers: HeadersToSend;
  readonly body: Body;
  /** `<code>:<description>`, as STATS shows it. */
  readonly summary: string;
}

/** The reply that carries a ServiceError (ADR-32, Error handling); throws when its headers or data cannot be sent. */
export function errorReply(error: ServiceError, headers: HeadersToSend, codec: Codec): ErrorReply {
  if (!Number.isSafeInteger(error.code)) throw new TypeError(`error code ${String(error.code)} is not an integer`);
  const description = oneLine(String(error.description)).slice(0, MAX_DESCRIPTION) || `error ${error.code}`;
  const lines = Object.entries(error.headers ?? {});
  if (lines.length > MAX_HEADERS) throw new TypeError(`an error has ${lines.length} headers, over ${MAX_HEADERS}`);
  for (const [name, value] of lines) {
    headers.delete(name);
    for (const one of [value].flat()) headers.append(name, one);
  }
  headers.set(ERROR_CODE_HEADER, String(error.code));
  headers.set(ERROR_HEADER, description);
  return { headers, body: encodeData(error.data, codec), summary: `${error.code}:${description}` };
}

function encodeData(data: unknown, codec: Codec): Body {
  try {
    return encodeReply(data, codec);
  } catch {
    // A codec of texts or bytes has no way to say a list of violations; JSON does.
    return codecNamed('json').encode(data);
  }
}
