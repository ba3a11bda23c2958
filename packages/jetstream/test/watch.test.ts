import { setTimeout as delay } from 'node:timers/promises';
import { ServiceClient } from '@natsmith/client';
import { Endpoint, Service } from '@natsmith/core';
import { jetstreamManager } from '@nats-io/jetstream';
import { IsInt } from 'class-validator';
import { useHosts } from '#test/hosts';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import { bucket, key, KeyValueStore, Watch, type WatchContext } from '../src/index';

class Limit {
  @IsInt() perMinute!: number;
}
const LimitOf = key('limits.{name}', Limit, { description: 'Requests a minute' });
const Mode = key('mode', 'unchecked');
const Config = bucket('config', { keys: [LimitOf, Mode], history: 5 });

interface Seen {
  name: string;
  value: number | undefined;
  operation: string;
  initial: boolean;
}

@Service({ name: 'gateway', version: '1.0.0' })
class Gateway {
  readonly seen: Seen[] = [];
  readonly limits = new Map<string, number>();
  block: Promise<void> | undefined;
  fails = false;

  @Watch(Config, LimitOf)
  async limit(limit: Limit | undefined, ctx: WatchContext<typeof LimitOf>): Promise<void> {
    await this.block;
    if (this.fails) throw new Error('no');
    const { name } = ctx.params;
    this.seen.push({ name, value: limit?.perMinute, operation: ctx.operation, initial: ctx.initial });
    if (limit === undefined) this.limits.delete(name);
    else this.limits.set(name, limit.perMinute);
  }

  @Endpoint() count(): number {
    return this.limits.size;
  }
}

onEachJetStream((server, client) => {
  describe('a watch', () => {
    const hosts = useHosts();
    const start = async () => {
      const { host } = await hosts.start(Gateway, { connection: await client.connect(), provision: 'ensure' });
      return { host, gateway: host.get(Gateway) };
    };
    let store: KeyValueStore<typeof LimitOf | typeof Mode>;
    beforeEach(async () => {
      const connection = await client.connect();
      store = new KeyValueStore(connection, Config);
      for (const name of ['a', 'b', 'c', 'd']) await store.delete(LimitOf, { params: { name } });
    });
    const put = (name: string, perMinute: number) => store.put(LimitOf, { perMinute }, { params: { name } });
    const valuesOf = ({ seen }: Gateway) => seen.map(({ name, value }) => [name, value]);

    it("leaves its service callable by natsmith's client", async () => {
      const { gateway } = await start();
      const connection = await client.connect();
      const proxy = await new ServiceClient(connection).service<Gateway>('gateway');
      expect(await proxy.count()).toBe(gateway.limits.size);
    });

    it('has a consumer on the server that says whose it is', async () => {
      await start();
      const manager = await jetstreamManager((await client.connect()) as never);
      const [found] = await manager.consumers.list('KV_config').next();
      expect(found?.config.metadata).toMatchObject({ 'natsmith.service': 'gateway', 'natsmith.handler': 'limit' });
    });

    it('gets the current values before endpoints begin, without deleted ones', async () => {
      await put('a', 1);
      await put('b', 2);
      await put('b', 3);
      await put('c', 4);
      await store.delete(LimitOf, { params: { name: 'c' } });
      const { gateway } = await start();
      expect(gateway.seen).toEqual([
        { name: 'a', value: 1, operation: 'put', initial: true },
        { name: 'b', value: 3, operation: 'put', initial: true },
      ]);
    });

    it('gets each change in order, deletions as undefined, one at a time', async () => {
      const { gateway } = await start();
      let release = (): void => undefined;
      gateway.block = new Promise((resolve) => (release = resolve));
      for (let i = 1; i <= 20; i++) await put(i % 2 ? 'a' : 'b', i);
      await store.delete(LimitOf, { params: { name: 'a' } });
      await delay(50);
      expect(gateway.seen).toEqual([]);
      release();
      await until(() => gateway.seen.length === 21);
      expect(valuesOf(gateway).slice(0, 20)).toEqual(
        Array.from({ length: 20 }, (_, i) => [(i + 1) % 2 ? 'a' : 'b', i + 1]),
      );
      expect(gateway.seen.at(-1)).toEqual({ name: 'a', value: undefined, operation: 'delete', initial: false });
    });

    it('counts a value that is not valid and a handler that throws, and goes on', async () => {
      const { host, gateway } = await start();
      const raw = bucket('config', { keys: [key('limits.{name}', 'unchecked')] });
      const unchecked = new KeyValueStore(await client.connect(), raw);
      await unchecked.put(raw.keys[0]!, { perMinute: 'many' }, { params: { name: 'a' } });
      await put('b', 1);
      await until(() => gateway.seen.length === 1);
      gateway.fails = true;
      await put('b', 2);
      await delay(20);
      gateway.fails = false;
      await put('b', 3);
      await until(() => gateway.seen.length === 2);
      expect(valuesOf(gateway)).toEqual([
        ['b', 1],
        ['b', 3],
      ]);
      const { endpoints } = await host.services[0]!.stats();
      expect(endpoints.find(({ name }) => name === 'limit')).toMatchObject({ num_requests: 4, num_errors: 2 });
    });

    it('gets the whole of a large bucket, at the pace of the handler', async () => {
      const big = key('big.{id}', 'unchecked');
      const Big = bucket('big', { keys: [big] });
      @Service({ name: 'big', version: '1.0.0' })
      class Reader {
        count = 0;
        sum = 0;
        @Watch(Big, big) read(value: number): void {
          this.count++;
          this.sum += value;
        }
      }
      const writer = new KeyValueStore(await client.connect(), Big);
      const ids = Array.from({ length: 950 }, (_, i) => i);
      await Promise.all(ids.map((id) => writer.put(big, id, { params: { id } })));
      const { host } = await hosts.start(Reader, { connection: await client.connect() });
      expect(host.get(Reader)).toMatchObject({ count: 950, sum: (949 * 950) / 2 });
    });

    it('is listed in INFO with its kind and bucket, and cannot be called', async () => {
      const { host } = await start();
      expect(host.services[0]!.info().endpoints.find(({ name }) => name === 'limit')).toMatchObject({
        subject: '$KV.config.limits.*',
        queue_group: '',
        metadata: { kind: 'watch', bucket: 'config', subject_template: '$KV.config.limits.{name}' },
      });
    });

    it('of a bucket that does not exist is refused, when nothing is to be created', async () => {
      const Missing = bucket('missing', { keys: [Mode] });
      @Service({ name: 'lost', version: '1.0.0' })
      class Lost {
        @Watch(Missing, Mode) mode(_: unknown): void {}
      }
      const connection = await client.connect();
      await expect(hosts.start(Lost, { connection, provision: 'verify' })).rejects.toThrow(
        /bucket "missing" does not exist; let a service or "natsmith streams ensure" create it/,
      );
      await expect(hosts.start(Lost, { connection, provision: 'off' })).rejects.toThrow(
        /bucket "missing".*does not exist.*provision: "ensure"/,
      );
    });

    it('of a key that its bucket does not have is a mistake', async () => {
      @Service({ name: 'wrong', version: '1.0.0' })
      class Wrong {
        @Watch(Config as never, key('other', 'unchecked')) other(_: unknown): void {}
      }
      await expect(hosts.start(Wrong, { connection: await client.connect() })).rejects.toThrow(
        'Wrong.other watches "other", which bucket "config" does not have; add it to its keys',
      );
    });

    it('leaves nothing on the server when its host stops', async () => {
      const { host } = await start();
      await host.stop();
      const { jetstreamManager } = await import('@nats-io/jetstream');
      const manager = await jetstreamManager((await client.connect()) as never);
      expect((await manager.streams.info('KV_config')).state.consumer_count).toBe(0);
    });

    it('is at the present state of its bucket after the server was killed, with one consumer', async () => {
      await put('a', 1);
      await put('b', 2);
      const options = { maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 0 };
      const { host } = await hosts.start(Gateway, { connection: await client.connect(options) });
      const gateway = host.get(Gateway);
      const before = valuesOf(gateway).length;
      await server.kill();
      await server.restart();
      const writer = new KeyValueStore(await client.connect(), Config);
      await writer.put(LimitOf, { perMinute: 9 }, { params: { name: 'a' } });
      await writer.delete(LimitOf, { params: { name: 'b' } });
      await writer.put(LimitOf, { perMinute: 5 }, { params: { name: 'd' } });
      await until(() => gateway.limits.get('a') === 9 && !gateway.limits.has('b') && gateway.limits.get('d') === 5);
      const seen = valuesOf(gateway).slice(before);
      // What had not changed is not seen again.
      const gone = seen.filter(([, value]) => value === undefined);
      expect(seen.filter((one) => !gone.includes(one))).toEqual([
        ['a', 9],
        ['d', 5],
      ]);
      expect(gone).toContainEqual(['b', undefined]);
      // The broker has lost its bucket: before "a" is set anew, it may be seen to be gone, too.
      expect(gone.length).toBeLessThanOrEqual(server.kind === 'broker' ? 2 : 1);
      const { jetstreamManager } = await import('@nats-io/jetstream');
      const manager = await jetstreamManager((await client.connect()) as never);
      expect((await manager.streams.info('KV_config')).state.consumer_count).toBe(1);
    });
  });
});
