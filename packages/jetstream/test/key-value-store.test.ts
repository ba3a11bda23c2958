import { setTimeout as delay } from 'node:timers/promises';
import { Service } from '@natsmith/core';
import { findNatsServer, NatsServer } from '@natsmith/testing';
import { IsInt } from 'class-validator';
import { connect } from 'nats';
import { useHosts } from '#test/hosts';
import { describeWithNatsServer, onEachJetStream, onEachServerAndClient } from '#test/matrix';
import { until } from '#test/until';
import { bucket, ensureStreams, key, KeyValueStore, Watch } from '../src/index';

class Limit {
  @IsInt() perMinute!: number;
}
const LimitOf = key('limits.{name}', Limit);
const Config = bucket('store-config', { keys: [LimitOf], history: 3 });

onEachJetStream((_server, client) => {
  describe('a store of a bucket', () => {
    let id = 0;
    let at: { params: { name: string } };
    let store: KeyValueStore<typeof LimitOf>;
    beforeEach(async () => {
      at = { params: { name: `n${++id}` } };
      store = new KeyValueStore(await client.connect(), Config);
    });
    const put = (perMinute: number, revision: number) => store.put(LimitOf, { perMinute }, { ...at, revision });

    it('reads what it has written as an instance of the class, and nothing where nothing is', async () => {
      expect(await store.get(LimitOf, at)).toBeUndefined();
      const revision = await store.put(LimitOf, { perMinute: 60 }, at);
      expect(await store.get(LimitOf, at)).toBeInstanceOf(Limit);
      expect(await store.entry(LimitOf, at)).toMatchObject({
        key: `limits.n${id}`,
        value: { perMinute: 60 },
        revision,
      });
      await store.delete(LimitOf, at);
      expect(await store.get(LimitOf, at)).toBeUndefined();
    });

    it('writes at a revision alone, and at revision 0 where there is no value, also after a deletion', async () => {
      const first = await put(1, 0);
      await expect(put(2, 0)).rejects.toMatchObject({ code: 10_071 });
      const second = await put(2, first);
      await expect(store.delete(LimitOf, { ...at, revision: first })).rejects.toMatchObject({ code: 10_071 });
      await store.delete(LimitOf, { ...at, revision: second });
      await put(3, 0);
      expect(await store.get(LimitOf, at)).toEqual({ perMinute: 3 });
    });

    it.each([-1, 1.5, NaN, null, '1'])('refuses the revision %j', async (revision) => {
      await expect(put(1, revision as number)).rejects.toThrow(
        /"revision" that must be a whole number, 0 or more, got /,
      );
      expect(await store.get(LimitOf, at)).toBeUndefined();
    });

    it('checks values before they are sent, and names before that', async () => {
      await expect(store.put(LimitOf, { perMinute: 'x' } as never, at)).rejects.toMatchObject({ code: 400 });
      const named = (name: string) => store.put(LimitOf, { perMinute: 1 }, { params: { name } });
      for (const name of ['a.b', '*', 'a b', ''])
        await expect(named(name)).rejects.toThrow(/cannot stand for \{name\}/);
      await expect(named('ä')).rejects.toThrow(/a token has letters, digits and "-_\/="/);
      for (const name of ['a/b', 'a=b', 'A-1_']) await named(name);
    });
  });
});

const users = [
  { user: 'admin', pass: 'secret' },
  {
    user: 'reader',
    pass: 'secret',
    permissions: { publish: { deny: ['$KV.>', '$JS.API.CONSUMER.CREATE.KV_store-config.>'] } },
  },
  { user: 'deaf', pass: 'secret', permissions: { publish: { deny: ['$JS.API.CONSUMER.MSG.NEXT.>'] } } },
];

onEachServerAndClient(
  (_server, client) => {
    describe('a bucket, of a user who may not write it', () => {
      const hosts = useHosts();
      const as = (user: string) => client.connect({ user, pass: 'secret' });
      const at = { params: { name: 'a' } };

      it('is read, and a write is refused with the subject', async () => {
        await new KeyValueStore(await as('admin'), Config).put(LimitOf, { perMinute: 1 }, at);
        const store = new KeyValueStore(await as('reader'), Config);
        expect(await store.get(LimitOf, at)).toEqual({ perMinute: 1 });
        const refused = { name: 'PermissionError', operation: 'publish', subject: '$KV.store-config.limits.a' };
        await expect(store.put(LimitOf, { perMinute: 2 }, at)).rejects.toMatchObject(refused);
        await expect(store.delete(LimitOf, at)).rejects.toMatchObject(refused);
      });

      it.each([
        ['reader', 'this user may not publish to $JS.API.CONSUMER.CREATE.KV_store-config.'],
        ['deaf', 'this user may not publish to $JS.API.CONSUMER.MSG.NEXT.KV_store-config.'],
      ])('and may not watch it, is refused at start with what is to be granted: %s', async (user, words) => {
        @Service({ name: 'watcher', version: '1.0.0' })
        class Watcher {
          @Watch(Config, LimitOf) limit(_: Limit | undefined): void {}
        }
        const admin = await as('admin');
        await ensureStreams(admin, [Config]);
        await new KeyValueStore(admin, Config).put(LimitOf, { perMinute: 1 }, at);
        const start = hosts.start(Watcher, { connection: await as(user) });
        await expect(start).rejects.toThrow(`Watcher.limit cannot watch bucket "store-config": ${words}`);
        await expect(start).rejects.toThrow(/grant /);
      });
    });
  },
  { jetstream: true, users },
);

describeWithNatsServer(
  'a watch whose user loses the right to pull',
  () => {
    const hosts = useHosts();
    it('asks more and more seldom, and has the present state when the right is back', async () => {
      const users = (deny: string[]) => [
        { user: 'admin', pass: 'secret' },
        { user: 'watcher', pass: 'secret', permissions: { publish: { deny } } },
      ];
      await using server = await NatsServer.start({ jetstream: true, users: users([]), binary: findNatsServer() });
      const as = (user: string) => connect({ servers: server.url, user, pass: 'secret' });
      const admin = await as('admin');
      let asked = 0;
      admin.subscribe('$JS.API.CONSUMER.CREATE.KV_store-config.>', { callback: () => asked++ });
      const store = new KeyValueStore(admin, Config);
      const seen: (number | undefined)[] = [];
      @Service({ name: 'watcher', version: '1.0.0' })
      class Watcher {
        @Watch(Config, LimitOf) limit(limit: Limit | undefined): void {
          seen.push(limit?.perMinute);
        }
      }
      await store.put(LimitOf, { perMinute: 1 }, { params: { name: 'a' } });
      const watcher = await as('watcher');
      await hosts.start(Watcher, { connection: watcher, provision: 'off' });
      await server.reload({ jetstream: true, users: users(['$JS.API.CONSUMER.MSG.NEXT.>']) });
      // What ends its pull makes it ask again.
      const manager = await admin.jetstreamManager();
      for await (const { name } of manager.consumers.list('KV_store-config'))
        await manager.consumers.delete('KV_store-config', name);
      await until(() => asked >= 4);
      const before = asked;
      await delay(1_000);
      expect(asked - before).toBeLessThan(20);
      await store.put(LimitOf, { perMinute: 2 }, { params: { name: 'a' } });
      await server.reload({ jetstream: true, users: users([]) });
      await until(() => seen.includes(2));
      await Promise.all([admin.close(), watcher.close()]);
    });
  },
  '2.10.0',
);
