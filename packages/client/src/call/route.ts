import { subjectToCall, type SubjectParams } from '../service/params';
import type { Destination } from './destination';
import type { Endpoint } from './endpoint';
import { NoRespondersError } from './no-responders-error';

/** Where the endpoint of one call or stream is, which may move while it is called. */
export class Route {
  endpoint: Endpoint;
  /** The endpoint's subject, with the values of its named tokens. */
  subject: string;

  /** @throws TypeError for params that do not fit */
  constructor(
    private readonly destination: Destination,
    endpoint: Endpoint,
    private readonly params: SubjectParams | undefined,
  ) {
    this.endpoint = endpoint;
    this.subject = subjectToCall(endpoint, params);
  }

  /** Sends along it; where nobody listens any more, the endpoint is resolved again, and `send` called once more. */
  async follow<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      const moved = error instanceof NoRespondersError ? this.destination.findAgain() : undefined;
      if (moved === undefined) throw error;
      // Nobody got the request, so it can be sent again.
      this.endpoint = await moved;
      this.subject = subjectToCall(this.endpoint, this.params);
      return send();
    }
  }
}
