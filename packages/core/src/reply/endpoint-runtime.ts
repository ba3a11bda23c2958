import type { Uncredited } from '@natsmith/protocol';
import type { Codec, RequestContext } from '../define/handler';
import type { LogLimit } from '../pipeline/log-limit';
import type { HandlerRuntime } from '../pipeline/runtime';
import type { ReplyOutlet } from './outlet';

/** All that the requests of one endpoint need; decided when the service starts. */
export interface EndpointRuntime extends HandlerRuntime {
  readonly endpoint: RequestContext['endpoint'];
  readonly codec: Codec;
  readonly outlet: ReplyOutlet;
  /** What a stream may send to a reader that grants no credit. */
  readonly uncredited: Uncredited;
  /** For lines about requests that were refused for the reply subject that they name. */
  readonly refusals: LogLimit;
}
