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
export type { GatherLimits } from './ask-all';
export type { BodyKind } from './body';
export type { CallOptions, StreamOptions, SubjectCallOptions, SubjectStreamOptions } from './call-options';
export type { Carrier } from './carried';
export {
  ServiceClient,
  type ClientOptions,
  type ClientStatus,
  type ConnectOptions,
  type ServiceOptions,
} from './client';
export type { Discovered } from './discovery';
export { DiscoveryError } from './discovery-error';
export type { EndpointAddress, GatheredReply, GatherOptions } from './gather';
export type { Gathered, GatheredArray } from './gathered';
export type { ServiceSelection } from './selection';
export type { CallPolicy, PolicyOptions } from './policy';
export type { RequestHeaders } from './request';
export type { AnyService, RemoteMethod, ServiceProxy } from './service-proxy';
export type { StreamSettings } from './stream';
export type { SubjectParams } from './subject';
export { TimeoutError } from './timeout-error';
export type { ServiceChange, WatchOptions } from './watch';
