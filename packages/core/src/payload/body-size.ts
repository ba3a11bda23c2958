import { ServiceError } from '@natsmith/protocol';

/** The error for a body, or an item of an upload, of more bytes than its endpoint takes. */
export function tooLarge(what: 'body' | 'item', size: number, maxBody: number): ServiceError {
  return new ServiceError(413, `${what} of ${size} bytes is over the limit of ${maxBody} bytes (option "maxBody")`);
}
