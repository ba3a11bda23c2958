import { markReceived, ServiceError } from '@natsmith/protocol';

/** Nobody listens on the subject, so nobody got the request: the 503 of the server rather than of a service. */
export class NoRespondersError extends ServiceError {
  constructor(readonly subject: string) {
    super(503, `no responders on ${subject}`);
    markReceived(this);
  }
}
