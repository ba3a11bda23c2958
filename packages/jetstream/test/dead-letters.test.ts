import { Service } from '@natsmith/core';
import { event } from '@natsmith/protocol';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import { Consume, DeadLetterBox, eventStream, Reject, type DeadLetter } from '../src/index';

const DURABLE = 'burying-bury';

/** A stream of its own for each test, whose messages are all buried at once. */
function makeService(id: number) {
  const Doomed = event(`doomed-${id}.{id}`, 'unchecked');
  const Stream = eventStream(`DOOMED_${id}`, { events: [Doomed] });

  @Service({ name: 'burying', version: '1.0.0' })
  class Burying {
    runs = 0;

    @Consume(Stream, Doomed)
    bury(): never {
      this.runs++;
      throw new Reject('no', { data: { why: 'x'.repeat(4_000) } });
    }
  }
  return { Stream, Burying };
}

onEachJetStream((_server, client) => {
  describe('a dead letter', () => {
    const hosts = useHosts();
    let connection: Connection;
    let manager: JetStreamManager;
    let box: DeadLetterBox;
    let id = 0;
    let made: ReturnType<typeof makeService>;

    beforeEach(async () => {
      made = makeService(++id);
      connection = await client.connect();
      manager = await jetstreamManager(connection as never);
      await manager.streams.purge('DEAD_LETTERS').catch(() => undefined);
      box = new DeadLetterBox(connection);
    });

    const start = async () => {
      const { host } = await hosts.start(made.Burying, { connection: await client.connect() });
      return { host, service: host.get(made.Burying) };
    };
    const publish = async (body: Uint8Array, lines: readonly [string, string][] = []): Promise<number> => {
      const headers = client.headers();
      for (const [name, value] of lines) headers.append(name, value);
      const subject = `doomed-${id}.1`;
      const { seq } = await jetstream(connection as never).publish(subject, body, { headers: headers as never });
      return seq;
    };
    const isOver = async (seq: number): Promise<boolean> => {
      const { ack_floor: floor } = await manager.consumers.info(made.Stream.name, DURABLE);
      return floor.stream_seq >= seq;
    };
    const letters = async (): Promise<DeadLetter[]> => {
      const all: DeadLetter[] = [];
      for await (const letter of box.list({ stream: made.Stream.name })) all.push(letter);
      return all;
    };

    test('is one, though the process was killed between the letter and the end of its message', async () => {
      await (await start()).host.stop();
      const seq = await publish(Buffer.from('{}'));
      const subject = `dead.${made.Stream.name}.${DURABLE}.${seq}`;
      await jetstream(connection as never).publish(subject, 'as the one that was killed has written it');
      const { service } = await start();
      await until(() => isOver(seq));
      expect(service.runs).toBe(1);
      const { state } = await manager.streams.info('DEAD_LETTERS', { subjects_filter: '>' });
      expect(state.subjects).toEqual({ [subject]: 1 });
    });

    test('of a body that fills a message says how large it was, and is not replayed', async () => {
      await start();
      const body = Buffer.alloc((connection.info?.max_payload ?? 0) - 200, '1');
      const seq = await publish(body, [['Tenant', 'acme']]);
      await until(() => isOver(seq));
      const [letter] = await letters();
      expect(letter).toMatchObject({ sequence: seq, bodyLost: body.length, headers: { Tenant: ['acme'] } });
      expect(letter?.body).toHaveLength(0);
      await expect(box.replay(letter!)).rejects.toThrow(`(${body.length} bytes) was too large to be kept`);
    });

    test('is written without what its stream refuses for its size', async () => {
      await start();
      const { config } = await manager.streams.info('DEAD_LETTERS');
      await manager.streams.update('DEAD_LETTERS', { ...config, max_msg_size: 3_000 });
      try {
        const seq = await publish(Buffer.alloc(10_000, '1'), [['Tenant', 'acme']]);
        await until(() => isOver(seq));
        expect(await letters()).toMatchObject([{ bodyLost: 10_000, headers: { Tenant: ['acme'] }, data: undefined }]);
      } finally {
        await manager.streams.update('DEAD_LETTERS', { ...config, max_msg_size: -1 });
      }
    });

    test('is written without headers that leave no room for its own', async () => {
      await start();
      const many = Array.from({ length: 16 }, (_, i): [string, string] => [`Long-${i}`, 'y'.repeat(4_080)]);
      const seq = await publish(Buffer.from('{}'), many);
      await until(() => isOver(seq));
      expect(await letters()).toMatchObject([{ sequence: seq, bodyLost: 2, code: 400 }]);
      expect((await letters())[0]?.headers).toEqual({});
    });

    test('says nothing that headers of its message say', async () => {
      await start();
      const own: [string, string][] = [
        ['Natsmith-Body-Lost', '5'],
        ['Natsmith-Stream', 'FORGED'],
        ['natsmith-code', '200'],
        ['Natsmith-Original-Tenant', 'acme'],
        ['Nats-Custom', 'kept'],
      ];
      const seq = await publish(Buffer.from('{}'), own);
      await until(() => isOver(seq));
      const [letter] = await letters();
      expect(letter).toMatchObject({ stream: made.Stream.name, code: 400, bodyLost: undefined });
      expect(letter?.headers).toEqual(Object.fromEntries(own.map(([name, value]) => [name, [value]])));
      await box.replay(letter!);
      await until(async () => (await letters()).length === 1);
      expect((await letters())[0]?.headers).toMatchObject({ 'Natsmith-Stream': ['FORGED'] });
    });
  });
});
