import * as jetstream3 from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import type { NatsConnection as NatsConnection3 } from '@nats-io/transport-node';
import type { JetStreamClient, JetStreamManager, KV, KvOptions, NatsConnection, ObjectStore } from 'nats';
import type { Connection } from './connection';

/** JetStream as a client library knows it, as far as both are alike. */
export interface TestJetStream {
  readonly manager: JetStreamManager;
  readonly client: Pick<JetStreamClient, 'publish' | 'consumers'>;
  bucket(name: string, options?: Partial<KvOptions>): Promise<KV>;
  objects(name: string): Promise<ObjectStore>;
}

/** JetStream on a connection, by the connection's own library: `nats` 2 has it inside, 3 in packages. */
export async function jetstreamOf(connection: Connection): Promise<TestJetStream> {
  if ('jetstream' in connection) {
    const own = connection as unknown as NatsConnection;
    return {
      manager: await own.jetstreamManager(),
      client: own.jetstream(),
      bucket: (name, options) => own.jetstream().views.kv(name, options),
      objects: (name) => own.jetstream().views.os(name),
    };
  }
  const own = connection as unknown as NatsConnection3;
  return {
    manager: (await jetstream3.jetstreamManager(own)) as unknown as JetStreamManager,
    client: jetstream3.jetstream(own) as unknown as JetStreamClient,
    bucket: async (name, options) => (await new Kvm(own).create(name, options)) as unknown as KV,
    objects: async (name) => (await new Objm(own).create(name)) as unknown as ObjectStore,
  };
}
