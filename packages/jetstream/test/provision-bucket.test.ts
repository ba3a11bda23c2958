import { unchecked } from '@natsmith/protocol';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Service } from '@natsmith/core';
import type { Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { onEachJetStream } from '#test/matrix';
import { bucket, diffStreams, ensureStreams, key, KeyValueStore, Watch } from '../src';

const Mode = key('mode', unchecked<string>());

onEachJetStream((_server, client) => {
  describe('a bucket', () => {
    const hosts = useHosts();
    let connection: Connection;
    let manager: JetStreamManager;
    let kvm: Kvm;
    let id = 0;
    let name: string;
    beforeEach(async () => {
      name = `settings-${++id}`;
      connection = await client.connect();
      manager = await jetstreamManager(connection as never);
      kvm = new Kvm(connection as never);
    });
    const declared = (options = {}) => bucket(name, { keys: [Mode], ...options });
    const config = async () => (await manager.streams.info(`KV_${name}`)).config;

    it('is made as the clients of NATS make one, and says that natsmith made it', async () => {
      const options = {
        history: 5,
        maxAge: '1h',
        maxBytes: 1_000_000,
        maxValueSize: 500,
        description: 'Modes',
      } as const;
      expect(await ensureStreams(connection, [declared(options)])).toMatchObject([
        { stream: `KV_${name}`, outcome: 'created', left: [] },
      ]);
      const made = await config();
      await manager.streams.delete(`KV_${name}`);
      await kvm.create(name, {
        history: 5,
        ttl: 3_600_000,
        max_bytes: 1_000_000,
        maxValueSize: 500,
        description: 'Modes',
      });
      // Those of Go deny that single messages are deleted, too (ADR-8).
      expect(made).toMatchObject({ ...(await config()), deny_delete: true, metadata: { 'natsmith.made': 'true' } });
      expect(await diffStreams(connection, [declared(options)])).toEqual([]);
    });

    it('that somebody else has made is left as it is, where the contract says nothing of it', async () => {
      await kvm.create(name, { history: 20, ttl: 60_000 });
      expect(await ensureStreams(connection, [declared()])).toMatchObject([{ outcome: 'unchanged', left: [] }]);
      expect(await config()).toMatchObject({ max_msgs_per_subject: 20, max_age: 60_000_000_000 });
    });

    it('is updated field by field, and not shrunk unasked', async () => {
      await kvm.create(name, { history: 10, ttl: 60_000, maxValueSize: 100 });
      const wanted = declared({ history: 5, maxAge: '1h', maxValueSize: 200, description: 'Modes' });
      const [report] = await ensureStreams(connection, [wanted]);
      expect(report?.changed.map(({ field, found, wanted }) => [field, found, wanted])).toEqual([
        ['description', '', 'Modes'],
        ['maxAge', '1m', '1h'],
        ['maxValueSize', '100', '200'],
      ]);
      expect(report?.left).toEqual([
        { stream: `KV_${name}`, field: 'history', wanted: '5', found: '10', kind: 'shrink' },
      ]);
      await ensureStreams(connection, [wanted], { prune: true });
      expect(await diffStreams(connection, [wanted])).toEqual([]);
      expect(await config()).toMatchObject({ max_msgs_per_subject: 5, max_age: 3_600_000_000_000, max_msg_size: 200 });
    });

    it('is refused by verify with each difference, and by ensure with what cannot be changed in place', async () => {
      await kvm.create(name, { history: 2, storage: 'memory' as never });
      const wanted = declared({ history: 5, storage: 'file' });
      await expect(ensureStreams(connection, [wanted], { provision: 'verify' })).rejects.toMatchObject({
        problems: [
          expect.stringMatching(`bucket "${name}": storage is memory, and the contract says file; the server cannot`),
          expect.stringMatching(`bucket "${name}": history is 2, and the contract says 5; let a service`),
        ],
      });
      await expect(ensureStreams(connection, [wanted])).rejects.toMatchObject({ differences: [{ field: 'storage' }] });
    });

    it('is seen to by a watch and by a store', async () => {
      const Modes = declared({ history: 5 });
      @Service({ name: 'gateway', version: '1.0.0' })
      class Gateway {
        @Watch(Modes, Mode) mode(_: string | undefined): void {}
      }
      await kvm.create(name, { history: 2 });
      const logger = new Log();
      await hosts.start(Gateway, { connection: await client.connect(), logger });
      expect(logger.find('info', /^bucket updated$/)).toEqual([{ stream: `KV_${name}`, changes: ['history 2 -> 5'] }]);

      name = `${name}-more`;
      const store = new KeyValueStore(connection, declared({ history: 7 }));
      await store.put(Mode, 'quiet');
      expect(await store.get(Mode)).toBe('quiet');
      expect((await config()).max_msgs_per_subject).toBe(7);
    });
  });
});
