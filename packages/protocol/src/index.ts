export { guardedCodec, utf8 } from './body/codec';
export { parseJson } from './body/json';
export {
  effortProblem,
  jsonProblem,
  MAX_ARRAY_ITEMS,
  MAX_EFFORT,
  MAX_JSON_DEPTH,
  MAX_VALUES,
  sizeProblem,
} from './body/json-limits';
export { jsonOf } from './body/json-value';
export { abandonPromises, isAbandoned, isAsyncIterable, isThenable } from './body/thenable';
export { asBuffer, bytesIn, wholeBytes } from './body/whole-bytes';
export { Buffer, delay, inBackground, nextTurn, sharedController, tracingChannel, warn } from './platform/node';
export { chunksOf, join } from './stream/chunks';
export { clientLibrary } from './nats/client-library';
export { connectWith, type NatsLibrary } from './nats/connect';
export { optionsFromEnvironment } from './nats/environment';
export {
  inboxPrefixOf,
  checkConnection,
  isConnection,
  isNoResponders,
  isSubject,
  maxPayloadOf,
  type Connection,
  type Message,
  type Subscription,
} from './nats/connection';
export { ConnectionEvents, violationIn, type ConnectionEvent, type Violation } from './nats/connection-events';
export {
  controlSubject,
  isCallable,
  REPLY_TYPES,
  VERBS,
  type EndpointInfo,
  type EndpointStats,
  type InfoResponse,
  type PingResponse,
  type ServiceIdentity,
  type StatsResponse,
  type Verb,
} from './services/discovery';
export { durationProblem, millisecondsOf, millisecondsOfOption, type Duration } from './duration';
export {
  aBoolean,
  aCount,
  wholeNumber,
  aFunction,
  anArray,
  anObject,
  aSignal,
  aString,
  checkedElsewhere,
  checkOptions,
  oneOf,
  optionProblem,
  shown,
  unknownName,
  type OptionRule,
  type OptionRules,
} from './options';
export { HeadersToSend, type HeaderLines, type OutgoingHeaders } from './services/outgoing-headers';
export { instanceIdProblem, readDiscoveryReply, type Replies } from './services/discovery-reply';
export { parseReply, UnusableReply, type ReplyOrigin, type ReplyProblem } from './services/reply-fields';
export {
  CANCEL_HEADER,
  ERROR_CODE_HEADER,
  ERROR_HEADER,
  headerBlock,
  headerNameProblem,
  headerValueProblem,
  oneLine,
  INSTANCE_HEADER,
  REQUEST_ID_HEADER,
  TIMEOUT_HEADER,
  TRACE_HEADERS,
  type HeaderBlock,
} from './services/header';
export { CreditBudget, CreditShare } from './stream/credit-budget';
export { isImported, isInbox } from './nats/inbox-subject';
export { joinMoves, type Mover } from './nats/move';
export { nameProblem } from './services/name';
export { PermissionError, type ForbiddenOperation } from './nats/permission-error';
export {
  hasHeaders,
  headersIn,
  headersOf,
  headerText,
  ReceivedHeaders,
  type WithHeaders,
} from './services/received-headers';
export { isReceived, markReceived } from './services/received';
export { readServerUrl, splitServers, withoutCredentials, type ServerUrl } from './nats/server-url';
export { CLIENT_ERRORS, ERRORS, errorNamed, errorOf, type ErrorName } from './services/error-catalogue';
export { ServiceError, type ServiceErrorOptions } from './services/service-error';
export {
  joinSubject,
  parseTemplate,
  queueGroupProblem,
  subjectCovers,
  subjectProblem,
  subjectsOverlap,
  type SubjectTemplate,
  type Wildcards,
} from './services/subject';
export { randomToken } from './nats/token';
export { uncreditedFor, type Uncredited } from './stream/uncredited';
export { compareVersions, versionRange } from './platform/semver';
export { versionProblem } from './services/version';
export { readTraceparent, type Traceparent } from './services/traceparent';
export { declaredSet } from './declared-set';
export { ItemReceiver, type ReceiverSettings } from './stream/item-receiver';
export { ItemSender, type SenderEnd, type SenderSettings } from './stream/item-sender';
export { countIn, creditIn, heartbeatIn, sequenceHeader, type Body } from './stream/frames';
export {
  CHUNK_CREDIT,
  CHUNKS_HEADER,
  CREDIT_HEADER,
  DEFAULT_HEARTBEAT,
  HEARTBEAT_HEADER,
  MAX_BODY,
  MAX_CHUNK,
  MISSED_HEARTBEATS,
  SEQUENCE_HEADER,
  SIZE_HEADER,
  UPLOAD_HEADER,
} from './stream/headers';
export { StreamError } from './stream/stream-error';
export { FIRST_CREDIT, firstChunks } from './stream/first-credit';
export { printable, textOf } from './text';
export { MAX_TIMER } from './timer';
export {
  event,
  eventCodecOf,
  eventSubject,
  isEvent,
  type Event,
  type EventOptions,
  type Params,
  type ParamsOf,
  type Publishable,
  type PublishArgs,
  type Received,
  type Sent,
} from './events/event';
export type { EventCodec } from './events/event-codec';
export {
  isStandardSchema,
  primitiveCheck,
  PRIMITIVES,
  primitivesCheck,
  schemaCheck,
  type PayloadCheck,
} from './events/payload-check';
export {
  unchecked,
  type Codec,
  type CodecName,
  type InputOf,
  type ItemStream,
  type ItemType,
  type Payload,
  type PayloadClass,
  type PayloadOf,
  type PayloadType,
  type SentPayload,
  type Unchecked,
} from './events/payload-type';
export type { EventPublisher, PublishContext, PublishOptions } from './events/publisher';
export type { Serialized } from './events/serialized';
export type { StandardIssue, StandardResult, StandardSchema } from './events/standard-schema';
export {
  invalidPayload,
  violationsIn,
  violationsOf,
  type PropertyError,
  type Violation as PayloadViolation,
} from './events/violation';
