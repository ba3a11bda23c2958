export { BrokerServer } from './broker-server';
export { findNatsServer, natsServerVersion } from './find-nats-server';
export { NatsServer, type NatsServerOptions } from './nats-server';
export { RecordingPublisher, type PublishedEvent } from './recording-publisher';
export { type ServerKind, type ServerOptions, type TestServer } from './server';
export { startCluster } from './start-cluster';
export { startServer } from './start-server';
export {
  testContext,
  type Finishable,
  type OtherKind,
  type TestContextOptions,
  type TestEventContext,
  type TestEventContextOptions,
  type TestKindContextOptions,
  type TestRequestContext,
  type TestRequestContextOptions,
} from './test-context';
export { TestHeaders, type HeaderValues } from './test-headers';
export { TestHost, type TestHostOptions, type TestRequestOptions } from './test-host';
export type { CheckOptions } from './conformance/check-options';
export { checkService } from './conformance/check-service';
export type { CheckReport, Finding } from './conformance/report';
export { RULES, type RuleId } from './conformance/rules';
export { samplePayload } from './conformance/sample-payload';
