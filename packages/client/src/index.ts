export {
  event,
  PermissionError,
  ServiceError,
  StreamError,
  unchecked,
  type ServiceErrorOptions,
} from '@natsmith/protocol';
export type {
  Connection,
  Duration,
  EndpointInfo,
  Event,
  EventOptions,
  EventPublisher,
  EndpointStats,
  InfoResponse,
  OutgoingHeaders,
  ParamsOf,
  Payload,
  PublishOptions,
  Received,
  ReceivedHeaders,
  Sent,
  Serialized,
  PingResponse,
  ReplyOrigin,
  ReplyProblem,
  StatsResponse,
} from '@natsmith/protocol';
export type { GatherLimits, RawReply, RequestManyOptions } from './discovery/request-many';
export type { BodyKind } from './call/body';
export { replyError } from './call/reply';
export type { CallOptions, StreamOptions, SubjectCallOptions, SubjectStreamOptions } from './call/call-options';
export { clientChannels, type ClientOperation } from './channels';
export type { Carrier } from './propagation';
export { ServiceClient } from './client';
export type { ClientOptions, ClientStatus, ConnectOptions } from './client-options';
export type { ServiceSelector } from './service/service';
export type { Discovered } from './discovery/discovery';
export { DiscoveryError } from './discovery/discovery-error';
export type { EndpointAddress, GatheredReply, GatherOptions } from './discovery/gather';
export type { Gathered, GatheredArray } from './discovery/replies';
export type { ServiceSelection } from './service/selection';
export type { CallPolicy, PolicyOptions } from './call/retry';
export type { HeaderValues } from './call/header-lines';
export type { AnyService, RemoteMethod, ServiceProxy } from './service/proxy';
export type { StreamSettings } from './stream/open';
export type { SubjectParams } from './service/params';
export { NoRespondersError } from './call/no-responders-error';
export { TimeoutError } from './call/timeout-error';
export type { WatchOptions } from './discovery/watch';
export type { ServiceChange } from './discovery/watching';
export type { Reply } from './call/whole-reply';
export type { InvalidEvent } from './call/invalid-events';
export type { ReceivedEvent } from './call/received-event';
export type { SubscribeOptions } from './call/subscribe';
export type { ClientContext, ClientMiddleware } from './middleware';
