export { ServiceError, type Duration, type ServiceErrorOptions } from '@natsmith/protocol';
export type { EndpointInfo, EndpointStats, InfoResponse, PingResponse, StatsResponse } from '@natsmith/protocol';
export { Endpoint, Group, Service, StatsHandler, Use } from './define/decorators';
export type {
  Codec,
  CodecName,
  ItemStream,
  ItemType,
  Middleware,
  Next,
  PayloadClass,
  PayloadOf,
  PayloadType,
  ReplyHeaders,
  RequestContext,
  RequestHeaders,
} from './define/handler';
export type { OnStart, OnStop } from './define/lifecycle';
export { stream } from './define/stream';
export type { Logger } from './define/logger';
export type {
  Class,
  EndpointOptions,
  GroupOptions,
  Limits,
  ServiceOptions,
  StatsHandlerMethod,
} from './define/options';
export { describeServices, type DescribeOptions } from './describe';
export {
  describeInfo,
  type HandlerDescription,
  type JsonSchema,
  type LimitsDescription,
  type ServiceDescription,
} from './description';
export { NatsServiceFactory, type FactoryOptions, type ServiceTarget } from './host/factory';
export { NatsServiceHost, type HostStatus } from './host/host';
export type { Container, ContainerOf } from './host/objects';
export { DefinitionError, type Mistake } from './plan/definition-error';
export { MAX_ARRAY_ITEMS, MAX_JSON_DEPTH } from './payload/json-limits';
export type { Violation } from './payload/validate';
export type { AddedHandler, EndpointHost, RunningService } from './service/service';
export { connect } from './nats/connect';
export type { Connection, Subscription } from './nats/connection';
