export { BrokerServer } from './broker-server';
export { findNatsServer, natsServerVersion } from './find-nats-server';
export { NatsServer, type NatsServerOptions } from './nats-server';
export { type ServerKind, type ServerOptions, type TestServer } from './server';
export { startCluster } from './start-cluster';
export { startServer } from './start-server';
export { TestHost, type TestHostOptions, type TestRequestOptions } from './test-host';
