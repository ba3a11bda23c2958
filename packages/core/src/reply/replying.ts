import type { RequestContext } from '../define/handler';
import type { Context } from '../pipeline/context';
import type { HeadersToSend } from '../pipeline/headers';
import type { Body } from './outlet';

/** A request as what sends and receives its streams and bodies in chunks knows it. */
export interface Replying extends Context {
  readonly kind: 'endpoint';
  readonly endpoint: RequestContext['endpoint'];
  readonly replyHeaders: HeadersToSend;
  /** Calls the listener when the reply is out. */
  onEnd(listener: () => void): void;
  /** Sends items before the reply to a reader that grants no credit. */
  sendUncredited(items: AsyncIterable<unknown>, encode: (item: unknown) => Body): Promise<void>;
  /** Its stream gives nothing any more while the service stops. */
  standStill(): void;
}
