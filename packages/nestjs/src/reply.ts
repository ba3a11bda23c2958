import { markReceived, parseJson, printable, ServiceError } from '@natsmith/protocol';

/** What a reply of a Nest service says. */
interface NestReply {
  readonly response: unknown;
  /** None comes after it. */
  readonly isLast: boolean;
}

/** Characters of a description. */
const MAX_DESCRIPTION = 1024;

/**
 * Reads a reply to a request with this id. One that is not an envelope is the response itself, as for Nest's own client.
 * @throws ServiceError with what the service says went wrong
 * @throws Error for what cannot be read, or answers another request
 */
export function readNestReply(body: Uint8Array, id: string, subject: string): NestReply {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch (cause) {
    throw markReceived(new Error(`the reply on ${subject} cannot be read`, { cause }));
  }
  if (!isReply(value)) return { response: value, isLast: true };
  const { err, response, isDisposed, id: given } = value;
  if (given !== undefined && given !== id)
    throw markReceived(new Error(`the reply on ${subject} answers another request`));
  if (saysError(err)) throw nestError(err);
  return { response, isLast: isDisposed === true };
}

interface Reply {
  readonly err?: unknown;
  readonly response?: unknown;
  readonly isDisposed?: unknown;
  readonly id?: unknown;
}

function isReply(value: unknown): value is Reply {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return 'err' in value || 'response' in value || 'isDisposed' in value;
}

function saysError(err: unknown): boolean {
  return err !== undefined && err !== null && err !== '';
}

/** The error of Nest that an error of a service carries as its data; else the error as it is. */
export function nestErrorIn(error: ServiceError): ServiceError {
  const { data } = error;
  return isReply(data) && saysError(data.err) ? nestError(data.err) : error;
}

/** What a Nest service threw: a string, or an object with `message` and perhaps a code of HTTP. */
function nestError(err: unknown): ServiceError {
  const { message, code, statusCode, status } = (typeof err === 'object' && err !== null ? err : {}) as Record<
    string,
    unknown
  >;
  const text = [err, message].find((one) => typeof one === 'string' && one !== '') ?? 'error';
  const known = [code, statusCode, status].find(
    (one) => Number.isInteger(one) && Number(one) >= 400 && Number(one) < 600,
  );
  const description = printable(text as string, MAX_DESCRIPTION);
  return markReceived(new ServiceError(Number(known ?? 500), description, { data: err }));
}
