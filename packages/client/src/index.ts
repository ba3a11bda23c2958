export { PermissionError, ServiceError, StreamError, type ServiceErrorOptions } from '@natsmith/protocol';
export type {
  Connection,
  EndpointInfo,
  EndpointStats,
  InfoResponse,
  PingResponse,
  ReplyOrigin,
  ReplyProblem,
  StatsResponse,
} from '@natsmith/protocol';
export type { GatherLimits } from './discovery/request-many';
export type { BodyKind } from './call/body';
export type { CallOptions, StreamOptions, SubjectCallOptions, SubjectStreamOptions } from './call/call-options';
export type { Carrier } from './propagation';
export {
  ServiceClient,
  type ClientOptions,
  type ClientStatus,
  type ConnectOptions,
  type ServiceOptions,
} from './client';
export type { Discovered } from './discovery/discovery';
export { DiscoveryError } from './discovery/discovery-error';
export type { EndpointAddress, GatheredReply, GatherOptions } from './discovery/gather';
export type { Gathered, GatheredArray } from './discovery/replies';
export type { ServiceSelection } from './service/selection';
export type { CallPolicy, PolicyOptions } from './call/retry';
export type { RequestHeaders } from './call/request';
export type { AnyService, RemoteMethod, ServiceProxy } from './service/proxy';
export type { StreamSettings } from './stream/open';
export type { SubjectParams } from './service/params';
export { TimeoutError } from './call/timeout-error';
export type { ServiceChange, WatchOptions } from './discovery/watch';
