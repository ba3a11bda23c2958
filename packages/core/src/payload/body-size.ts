import { errorNamed, type ServiceError } from '@natsmith/protocol';

/** The error for a body, or an item of an upload, of more bytes than its endpoint takes. */
export function tooLarge(what: 'body' | 'item', size: number, maxBody: number): ServiceError {
  return errorNamed('tooLarge', { what, size, max: maxBody });
}
