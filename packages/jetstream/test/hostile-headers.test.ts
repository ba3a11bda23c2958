import { Service } from '@natsmith/core';
import { event } from '@natsmith/protocol';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { onEachJetStream } from '#test/matrix';
import { RawPeer } from '#test/raw-peer';
import { until } from '#test/until';
import {
  bucket,
  Consume,
  DeadLetterBox,
  eventStream,
  key,
  KeyValueStore,
  ScheduleBook,
  Watch,
  type WatchContext,
} from '../src';

const Value = event('values.{id}', 'unchecked', { codec: 'text' });
const Values = eventStream('VALUES', { events: [Value], storage: 'memory' });
const Mode = key('modes.{name}', 'unchecked', { codec: 'text' });
const Modes = bucket('modes', { keys: [Mode], storage: 'memory', history: 64 });

@Service({ name: 'reader', version: '1.0.0' })
class Reader {
  readonly values: string[] = [];
  readonly modes: string[] = [];

  @Consume(Values, Value, { concurrency: 4 }) read(value: string): void {
    this.values.push(value);
  }

  @Watch(Modes, Mode) mode(mode: string | undefined, ctx: WatchContext<typeof Mode>): void {
    this.modes.push(`${ctx.operation} ${mode}`);
  }
}

/** Header blocks that anybody may store, and that the client libraries do not read or read as something else. */
const BLOCKS = {
  'a name with a blank': 'NATS/1.0\r\nA B: c\r\n\r\n',
  'a line without a colon': 'NATS/1.0\r\nNoColon\r\n\r\n',
  'a line without a name': 'NATS/1.0\r\n: x\r\n\r\n',
  'bytes that are not UTF-8': Buffer.from('NATS/1.0\r\nA: \xff\xfe\0\x07\r\n\r\n', 'latin1'),
  'the status of a consumer that was deleted': 'NATS/1.0 409 Consumer Deleted\r\n\r\n',
  'the status of a pull that has run out': 'NATS/1.0 408 Request Timeout\r\n\r\n',
  'a heartbeat': 'NATS/1.0 100 Idle Heartbeat\r\n\r\n',
  'nobody listening': 'NATS/1.0 503\r\n\r\n',
};

onEachJetStream((server, client) => {
  describe('a stored message', () => {
    const hosts = useHosts();
    let raw: RawPeer;
    let connection: Connection;
    let manager: JetStreamManager;
    beforeEach(async () => {
      raw = await RawPeer.open(server.port);
      connection = await client.connect();
      manager = await jetstreamManager(connection as never);
    });
    afterEach(async () => {
      raw.close();
      for (const name of ['VALUES', 'KV_modes', 'DEAD_LETTERS', 'SCHEDULES'])
        await manager.streams.delete(name).catch(() => undefined);
      await connection.close();
    });
    const store = (subject: string, block: string | Buffer, body: string) => raw.publishBlock(subject, block, body);

    it.each(Object.entries(BLOCKS))('with %s is a message like any other', async (_, block) => {
      const logger = new Log();
      const { host } = await hosts.start(Reader, { connection: await client.connect(), logger });
      const reader = host.get(Reader);
      store('values.1', block, '');
      store('$KV.modes.modes.a', block, '');
      store('values.2', block, 'last');
      store('$KV.modes.modes.a', block, 'last');
      await until(() => reader.values.includes('last') && reader.modes.includes('put last'));
      expect(reader.values.sort()).toEqual(['', 'last']);
      expect(reader.modes).toEqual(['put ', 'put last']);
      await until(async () => (await manager.consumers.info('VALUES', 'reader-read')).num_ack_pending === 0);
      expect(logger.problems).toBe('');
    });

    it.each(Object.entries(BLOCKS))('with %s does not cut off who reads it from a bucket', async (_, block) => {
      const reader = await client.connect();
      const managed = new KeyValueStore(reader, Modes);
      await managed.put(Mode, 'before', { params: { name: 'b' } });
      const direct = new KeyValueStore(reader, Modes, { provision: 'off' });
      store('$KV.modes.modes.a', block, '');
      await until(async () => (await manager.streams.info('KV_modes')).state.messages === 2);
      // It may be unreadable: others are not.
      await Promise.allSettled([managed, direct].map((one) => one.get(Mode, { params: { name: 'a' } })));
      for (const one of [managed, direct]) expect(await one.get(Mode, { params: { name: 'b' } })).toBe('before');
      await reader.close();
    });

    it.each(Object.entries(BLOCKS))('with %s hides no dead letter and no schedule', async (_, block) => {
      await manager.streams.add({ name: 'DEAD_LETTERS', subjects: ['dead.>'], storage: 'memory' });
      await manager.streams.add({ name: 'SCHEDULES', subjects: ['_schedule.>', '_tick.>'], storage: 'memory' });
      const letter = ['Stream: VALUES', 'Consumer: reader-read', 'Subject: values.1'].map(
        (line) => `Natsmith-${line}\r\n`,
      );
      store('dead.x', block, '');
      store('dead.VALUES.reader-read.1', `NATS/1.0\r\n${letter.join('')}A B: c\r\n\r\n`, 'body');
      store('_schedule.reader.nightly', block, '');
      await until(async () => (await manager.streams.info('SCHEDULES')).state.messages === 1);
      const letters: string[] = [];
      for await (const { body } of new DeadLetterBox(connection).list()) letters.push(Buffer.from(body).toString());
      expect(letters).toEqual(['body']);
      expect(await new ScheduleBook(connection).list()).toEqual([]);
    });
  });
});
