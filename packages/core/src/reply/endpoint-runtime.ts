import type { Uncredited } from '@natsmith/protocol';
import type { Codec, RequestContext } from '../define/handler';
import type { HandlerRuntime } from '../pipeline/runtime';
import type { ReplyOutlet } from './outlet';
import type { RefusedReplies } from './refused-replies';

/** All that the requests of one endpoint need; decided when the service starts. */
export interface EndpointRuntime extends HandlerRuntime {
  readonly endpoint: RequestContext['endpoint'];
  readonly codec: Codec;
  readonly outlet: ReplyOutlet;
  /** What a stream may send to a reader that grants no credit. */
  readonly uncredited: Uncredited;
  readonly refusals: RefusedReplies;
}
