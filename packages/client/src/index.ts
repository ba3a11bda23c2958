export { PermissionError, ServiceError, StreamError, type ServiceErrorOptions } from '@natsmith/protocol';
export type {
  Connection,
  EndpointInfo,
  EndpointStats,
  InfoResponse,
  PingResponse,
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
export { DiscoveryError } from './discovery-reply';
export type { EndpointAddress, GatheredReply, GatherOptions } from './gather';
export type { Gathered } from './gathered';
export type { ServiceSelection } from './lookup';
export type { CallPolicy, PolicyOptions } from './policy';
export type { RequestHeaders } from './request';
export type { AnyService, RemoteMethod, ServiceProxy } from './service-proxy';
export type { StreamSettings } from './stream';
export type { SubjectParams } from './subject';
export { TimeoutError } from './timeout-error';
export type { ServiceChange, WatchOptions } from './watch';
