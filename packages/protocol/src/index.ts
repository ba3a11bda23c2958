export { connectWith, type NatsLibrary } from './connect';
export { isConnection, isNoResponders, type Connection, type Message, type Subscription } from './connection';
export {
  controlSubject,
  REPLY_TYPES,
  VERBS,
  type EndpointInfo,
  type EndpointStats,
  type InfoResponse,
  type PingResponse,
  type ServiceIdentity,
  type StatsResponse,
  type Verb,
} from './discovery';
export {
  CANCEL_HEADER,
  ERROR_CODE_HEADER,
  ERROR_HEADER,
  headerBlock,
  headerNameProblem,
  headerValueProblem,
  oneLine,
  REQUEST_ID_HEADER,
  SEQUENCE_HEADER,
  TIMEOUT_HEADER,
} from './header';
export { nameProblem } from './name';
export { ServiceError, type ServiceErrorOptions } from './service-error';
export {
  joinSubject,
  parseTemplate,
  queueGroupProblem,
  subjectProblem,
  subjectsOverlap,
  type SubjectTemplate,
  type Wildcards,
} from './subject';
export { versionProblem } from './version';
