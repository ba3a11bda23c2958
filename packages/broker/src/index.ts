export { Broker } from './broker';
export type { BrokerLogger, BrokerOptions, BrokerUser, Permissions, SubjectRules } from './options';
