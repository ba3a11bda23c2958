import { markReceived } from '../services/received';

/** What the server did not permit: to publish to a subject, or to subscribe to it. */
export type ForbiddenOperation = 'publish' | 'subscription';

/** The server does not permit this user to publish to a subject, or to subscribe to it; nobody got the message. */
export class PermissionError extends Error {
  override readonly name = 'PermissionError';

  constructor(
    readonly operation: ForbiddenOperation,
    readonly subject: string,
    options?: ErrorOptions,
  ) {
    const what = operation === 'publish' ? 'publish to' : 'subscribe to';
    super(`the server does not permit this user to ${what} ${subject}; grant it, or connect as another user`, options);
    markReceived(this);
  }
}
