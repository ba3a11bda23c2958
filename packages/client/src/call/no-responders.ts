import { markReceived, ServiceError } from '@natsmith/protocol';

/** The 503 of the server rather than of a service: nobody listens, so nobody got the request. */
export class NoResponders extends ServiceError {
  constructor(readonly subject: string) {
    super(503, `no responders on ${subject}`);
    markReceived(this);
  }
}
