export { Broker, type PublishedMessage } from './broker';
export type { BrokerLogger, BrokerOptions, BrokerUser, Permissions, SubjectRules } from './options';
