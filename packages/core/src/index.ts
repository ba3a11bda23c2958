export {
  event,
  ServiceError,
  unchecked,
  type Duration,
  type Event,
  type EventOptions,
  type EventPublisher,
  type ParamsOf,
  type Payload,
  type PayloadViolation as Violation,
  type PublishOptions,
  type Received,
  type Sent,
  type ServiceErrorOptions,
  type StandardSchema,
  type Unchecked,
} from '@natsmith/protocol';
export type { EndpointInfo, EndpointStats, InfoResponse, PingResponse, StatsResponse } from '@natsmith/protocol';
export {
  Group,
  Metadata,
  Service,
  StatsHandler,
  Use,
  type DecoratorOfClass,
  type DecoratorOfClassOrMethod,
  type HandlerDecorator,
} from './define/decorators';
export { declaredServices } from './define/declared-services';
export type {
  BaseContext,
  Codec,
  CodecName,
  ContextKinds,
  ContextOf,
  EventContext,
  HandlerInfo,
  ItemStream,
  ItemType,
  Kind,
  MessageContext,
  Middleware,
  Next,
  PayloadClass,
  PayloadOf,
  PayloadType,
  ReplyHeaders,
  RequestContext,
  RequestHeaders,
} from './define/handler';
export { markHandler, type DecoratorPlace, type HandlerMark } from './define/metadata';
export { only } from './define/only';
export type { OnStart, OnStop } from './define/lifecycle';
export { stream } from './define/stream';
export type { BoundLogger, Logger } from './define/logger';
export type {
  Class,
  EndpointOptions,
  GroupOptions,
  Limits,
  Provision,
  ServiceOptions,
  StatsHandlerMethod,
  SubscribeOptions,
} from './define/options';
export { classOf, describeServices, type DescribeOptions } from './describe';
export {
  describeInfo,
  type EventDescription,
  type HandlerDescription,
  type JsonSchema,
  type LimitsDescription,
  type ServiceDescription,
} from './description';
export { NatsServiceFactory, type ServiceTarget } from './host/factory';
export type { FactoryOptions } from './host/factory-options';
export { NatsServiceHost, type HostStatus } from './host/host';
export type { Container, ContainerOf } from './host/objects';
export { MAX_ARRAY_ITEMS, MAX_JSON_DEPTH } from '@natsmith/protocol';
export { DefinitionError, type Mistake } from './plan/definition-error';
export type { HandlerDefinition } from './define/definition';
export { Context } from './pipeline/context';
export { failureOf, unansweredFailure, type Failure } from './pipeline/failure';
export { caller, invoker, reader, taker, type Handler, type Take } from './pipeline/decode';
export type { Execute } from './pipeline/context';
export type { ReceivedMessage } from './pipeline/message';
export type { MessageEnd, MessageError, MessageStart, Outcome } from './pipeline/channels';
export type { MessageTrace } from './pipeline/context';
export { DURATION_BOUNDS, type HandlerMeasures } from './pipeline/measures';
export { LinkedList, type Linked } from './pipeline/linked-list';
export { Run } from './pipeline/run';
export type { HandlerRuntime } from './pipeline/runtime';
export { checkContract, contractName, planContract, type ContractFacts, type ContractOptions } from './plan/contract';
export { knownEvents } from './plan/event';
export { CONTRACT_OPTIONS } from './plan/known-options';
export { checkedOptions } from './plan/options';
export type { HandlerPlan } from './plan/handler-plan';
export type { PlannedHandler, SourceSurroundings } from './plan/source';
export type { Outlet } from './reply/outlet';
export { sendUncredited } from './reply/stream';
export type { HostSettings } from './sources/settings';
export { Endpoint } from './sources/endpoint';
export { Subscribe } from './sources/event';
export { beforePublishing, type PreparePublished } from './sources/published';
export {
  reading,
  runtimeOf,
  type HandlerSubscription,
  type HandlerSurroundings,
  type Preparation,
  type RunningHandler,
  type RuntimeOptions,
  type Source,
} from './sources/source';
export type {
  AddedHandler,
  EndpointHost,
  HandlerStats,
  HandlerStatus,
  RunningService,
  ServiceStats,
} from './service/service';
export { connect } from './nats/connect';
export type { Connection, Subscription } from './nats/connection';
