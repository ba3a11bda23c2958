import { BrokerServer } from './broker-server';
import { NatsServer } from './nats-server';
import { type ServerKind, type ServerOptions, type TestServer } from './server';

/** Starts a server of the given kind, ready for connections when it resolves. */
export function startServer(kind: ServerKind, options: ServerOptions = {}): Promise<TestServer> {
  return kind === 'broker' ? BrokerServer.start(options) : NatsServer.start(options);
}
