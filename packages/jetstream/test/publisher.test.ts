import 'reflect-metadata';
import { event, PermissionError, ServiceError, unchecked } from '@natsmith/protocol';
import { IsInt, IsString } from 'class-validator';
import { z } from 'zod';
import { onEachServerAndClient } from '#test/matrix';
import type { Connection } from '#test/connection';
import { until } from '#test/until';
import {
  eventStream,
  JetStreamPublisher,
  PublishError,
  UnacknowledgedError,
  type JetStreamPublisherOptions,
  type PreparedEvent,
} from '../src';

class Order {
  @IsString() id!: string;
  @IsInt() total!: number;
}
const OrderPlaced = event('orders.{id}.placed', Order);
const Sequence = event('numbers', z.object({ n: z.number().default(7) }));
const Raw = event('orders.raw', unchecked<unknown>());
const Lost = event('lost.{id}', unchecked<unknown>());

const order = { id: '1', total: 5 };
const params = { id: '1' };

onEachServerAndClient(
  (server, client) => {
    let connection: Connection;
    let publisher: JetStreamPublisher;

    const api = async <T>(name: string, body?: object): Promise<T> =>
      (await connection.request(`$JS.API.${name}`, body && JSON.stringify(body), { timeout: 2_000 })).json<T>();
    const stored = async (stream: string, seq: number) => {
      const { message } = await api<{ message?: { subject: string; hdrs?: string; data?: string } }>(
        `STREAM.MSG.GET.${stream}`,
        { seq },
      );
      if (message === undefined) return undefined;
      const text = Buffer.from(message.hdrs ?? '', 'base64').toString();
      const headers = Object.fromEntries(
        text
          .split('\r\n')
          .slice(1)
          .filter(Boolean)
          .map((line) => line.split(': ')),
      ) as Record<string, string>;
      return { subject: message.subject, headers, body: Buffer.from(message.data ?? '', 'base64').toString() };
    };
    const publisherOf = (options?: JetStreamPublisherOptions) => new JetStreamPublisher(connection, options);

    beforeEach(async () => {
      connection = await client.connect();
      publisher = publisherOf();
      await api('STREAM.DELETE.ORDERS');
      await api('STREAM.CREATE.ORDERS', {
        name: 'ORDERS',
        storage: 'memory',
        subjects: ['orders.*.placed', 'orders.raw', 'numbers'],
      });
    });

    describe('publishing to a stream', () => {
      it('resolves to where the event is stored', async () => {
        expect(await publisher.publish(OrderPlaced, order, { params })).toEqual({
          stream: 'ORDERS',
          sequence: 1,
          duplicate: false,
        });
        expect(await stored('ORDERS', 1)).toEqual({
          subject: 'orders.1.placed',
          headers: {},
          body: '{"id":"1","total":5}',
        });
      });

      it('stores many that are published at once, in their order', async () => {
        const receipts = await Promise.all(Array.from({ length: 6_000 }, (_, n) => publisher.publish(Raw, n)));
        expect(receipts.map(({ sequence }) => sequence)).toEqual(receipts.map((_, n) => n + 1));
        expect((await stored('ORDERS', 6_000))?.body).toBe('5999');
      });

      it('sends the input of a schema', async () => {
        await publisher.publish(Sequence, {});
        expect((await stored('ORDERS', 1))?.body).toBe('{}');
      });

      it('refuses what is not valid before anything is sent', async () => {
        const publishing = publisher.publish(OrderPlaced, { id: '1', total: 'five' } as never, { params });
        await expect(publishing).rejects.toMatchObject({ code: 400, data: [{ path: 'total' }] });
        await expect(publishing).rejects.toBeInstanceOf(ServiceError);
        expect(await stored('ORDERS', 1)).toBeUndefined();
      });

      it.each([
        [{ params: { id: 'a.b' } }, /cannot stand for \{id\}/],
        [{ params: { id: 'a\r\nPUB x 0' } }, /cannot stand for \{id\}/],
        [{ params, messageId: 'a\r\nb' }, /messageId must be a string of one line/],
        [{ params, messageId: '' }, /messageId must be a string/],
        [{ params, headers: { 'X-A': 'a\nb' } }, /header "X-A" contains a line break/],
        [{ params, messageId: '1', headers: { 'Nats-Msg-Id': '2' } }, /is what an option sets/],
        [{ params, ttl: '200ms' }, /ttl must be a duration of 1000 ms or more/],
        [{ params, at: new Date(NaN) }, /at must be a Date/],
        [{ params, at: new Date(), expect: { lastSequence: 1 } }, /expect cannot go with at/],
        [{ params, expect: { lastSequence: -1 } }, /expect.lastSequence must be a sequence number/],
        [{ params, mesageId: '1' }, /publish\(\) has an unknown option "mesageId"; did you mean "messageId"\?/],
        [{ params, expect: { lastSeq: 1 } }, /expect has an unknown option "lastSeq"; the options are lastSequence,/],
        [null, /publish\(\) has null in the place of its options/],
      ])('refuses the options %j', async (options, message) => {
        await expect(publisher.publish(OrderPlaced, order, options as never)).rejects.toThrow(message);
        expect(await stored('ORDERS', 1)).toBeUndefined();
      });

      it('says at once that no stream stores the subject', async () => {
        const publishing = publisher.publish(Lost, 1, { params });
        await expect(publishing).rejects.toMatchObject({ name: 'PublishError', code: 503, subject: 'lost.1' });
        await expect(publishing).rejects.toThrow(/no stream stores the subject lost\.1; declare one with eventStream/);
      });

      it('says so, too, where there are subscribers alone', async () => {
        connection.subscribe('lost.*', { callback: () => undefined });
        const publishing = publisher.publish(Lost, 1, { params });
        await expect(publishing).rejects.toMatchObject({ code: 503 });
        await expect(publishing).rejects.toThrow(/there are only subscribers/);
      });

      it.each([
        '',
        'yes',
        '42',
        'null',
        '[]',
        '{"stream":"X"}',
        '{"stream":7,"seq":1}',
        '{"stream":"X","seq":0}',
        '{"stream":"X","seq":1.5}',
        '{"error":"no"}',
        '{"error":{"code":"x"}}',
        JSON.stringify({ stream: 'X'.repeat(5_000), seq: 1 }),
      ])('waits for the acknowledgement where a subscriber answers %j', async (answer) => {
        const other = await client.connect();
        const answered = new Promise<void>((resolve) => {
          other.subscribe('orders.*.placed', {
            callback: (_, message) => {
              message.respond(answer);
              resolve();
            },
          });
        });
        await other.flush();
        const publishing = publisher.publish(OrderPlaced, order, { params });
        expect(await publishing).toMatchObject({ stream: 'ORDERS', sequence: 1 });
        await answered;
      });
    });

    describe('a message id', () => {
      it('is unique among the events of a subject', async () => {
        await publisher.publish(OrderPlaced, order, { params, messageId: 'a' });
        expect((await stored('ORDERS', 1))?.headers).toEqual({ 'Nats-Msg-Id': 'orders.1.placed:a' });
        const again = publisher.publish(OrderPlaced, order, { params, messageId: 'a' });
        expect(await again).toEqual({ stream: 'ORDERS', sequence: 1, duplicate: true });
        const other = publisher.publish(OrderPlaced, order, { params: { id: 2 }, messageId: 'a' });
        expect(await other).toEqual({ stream: 'ORDERS', sequence: 2, duplicate: false });
      });
    });

    describe('expectations', () => {
      it.each([
        [{ lastSequence: 0 }, { lastSequence: 1 }],
        [{ lastSubjectSequence: 0 }, { lastSubjectSequence: 1 }],
      ])('%j and then %j store both', async (first, second) => {
        await publisher.publish(OrderPlaced, order, { params, expect: first });
        expect(await publisher.publish(OrderPlaced, order, { params, expect: second })).toMatchObject({ sequence: 2 });
      });

      it('hold a message id', async () => {
        await publisher.publish(OrderPlaced, order, { params, messageId: 'a' });
        await publisher.publish(OrderPlaced, order, { params, messageId: 'b', expect: { lastMessageId: 'a' } });
        await expect(
          publisher.publish(OrderPlaced, order, { params, expect: { lastMessageId: 'a' } }),
        ).rejects.toMatchObject({ code: 10070 });
      });

      it('that are not met are an error with the message and the code of the server', async () => {
        await publisher.publish(OrderPlaced, order, { params });
        const publishing = publisher.publish(OrderPlaced, order, { params, expect: { lastSubjectSequence: 0 } });
        await expect(publishing).rejects.toMatchObject({
          code: 10071,
          description: expect.stringMatching(/wrong last/) as unknown,
        });
        await expect(publishing).rejects.toThrow(/another event was stored since/);
        expect(await stored('ORDERS', 2)).toBeUndefined();
      });
    });

    describe('what is prepared', () => {
      it('can be kept as JSON and bytes, and is published as it would have been', async () => {
        const prepared = await publisher.prepare(OrderPlaced, order, {
          params,
          messageId: 'a',
          headers: { 'X-A': ['b', 'c'] },
        });
        expect(await stored('ORDERS', 1)).toBeUndefined();
        expect(prepared).toEqual({
          subject: 'orders.1.placed',
          headers: { 'X-A': ['b', 'c'], 'Nats-Msg-Id': 'orders.1.placed:a' },
          body: Buffer.from('{"id":"1","total":5}'),
        });
        const kept: PreparedEvent = { ...prepared, headers: JSON.parse(JSON.stringify(prepared.headers)) as never };
        expect(await publisher.send(kept)).toMatchObject({ sequence: 1, duplicate: false });
        expect(await publisher.send(kept)).toMatchObject({ sequence: 1, duplicate: true });
      });

      it.each([
        [{ subject: 'a b' }, /subject of the prepared event/],
        [{ subject: 'orders.*.placed' }, /subject of the prepared event/],
        [{ body: 'text' }, /body of the prepared event must be a Uint8Array/],
        [{ headers: 'x' }, /headers must be an object/],
        [{ headers: { 'X\r\nY': 'a' } }, /not a header name/],
      ])('is checked again: %j', async (change, message) => {
        const prepared = await publisher.prepare(OrderPlaced, order, { params });
        await expect(publisher.send({ ...prepared, ...change } as never)).rejects.toThrow(message);
      });
    });

    describe('a publisher that goes on with a request', () => {
      const headers = (values: Record<string, string>) => ({ get: (name: string) => values[name] });

      it('carries its trace on, and nothing else', async () => {
        const ctx = { headers: headers({ traceparent: '00-1', baggage: 'a=b', 'X-Secret': 'no' }) };
        await publisher.with(ctx).publish(OrderPlaced, order, { params });
        expect((await stored('ORDERS', 1))?.headers).toEqual({ traceparent: '00-1', baggage: 'a=b' });
      });

      it('leaves out what could not be sent', async () => {
        await publisher.with({ headers: headers({ traceparent: 'a\nb' }) }).publish(OrderPlaced, order, { params });
        expect((await stored('ORDERS', 1))?.headers).toEqual({});
      });

      it('fails with 504 when the deadline of the request has passed', async () => {
        const late = publisher.with({ headers: headers({}), deadline: new Date(Date.now() - 10) });
        await expect(late.publish(OrderPlaced, order, { params })).rejects.toMatchObject({ code: 504 });
        expect(await stored('ORDERS', 1)).toBeUndefined();
      });

      it('does not wait beyond the deadline', async () => {
        connection.subscribe('lost.*', { callback: () => undefined });
        const late = publisher.with({ headers: headers({}), deadline: new Date(Date.now() + 50) });
        await expect(late.publish(Lost, 1, { params })).rejects.toMatchObject({ code: 504 });
      });

      it('ends with its signal', async () => {
        const reason = new Error('cancelled');
        const bound = publisher.with({ headers: headers({}), signal: AbortSignal.abort(reason) });
        await expect(bound.publish(OrderPlaced, order, { params })).rejects.toBe(reason);
        connection.subscribe('lost.*', { callback: () => undefined });
        const controller = new AbortController();
        const publishing = publisher
          .with({ headers: headers({}), signal: controller.signal })
          .publish(Lost, 1, { params });
        setImmediate(() => controller.abort(reason));
        await expect(publishing).rejects.toBe(reason);
      });
    });

    describe('when the link is lost', () => {
      it('sends again what has a message id, and says of the rest that it may be stored or not', async () => {
        // Somebody listens, and no stream does: nothing is acknowledged before the server is gone.
        connection.subscribe('lost.*', { callback: () => undefined });
        await connection.flush();
        const patient = publisherOf({ timeout: '20s' });
        const named = patient.publish(Lost, 'named', { params, messageId: '1' }).catch((error: unknown) => error);
        const unnamed = publisher.publish(Lost, 'unnamed', { params }).catch((error: unknown) => error);
        await connection.flush();
        await connection.reconnect();
        expect(await unnamed).toBeInstanceOf(UnacknowledgedError);
        expect(await unnamed).toMatchObject({ message: /connection was lost.*lost\.1 may be stored, or not/ });
        expect(await named).toMatchObject({ code: 503 });
      });

      it('publishes afterwards what is asked for meanwhile', async () => {
        if (server.kind === 'broker') return; // it forgets its streams
        await api('STREAM.DELETE.ORDERS');
        await api('STREAM.CREATE.FILED', { name: 'FILED', subjects: ['orders.*.placed'] });
        const status = statusOf(connection);
        const restarting = server.restart();
        await status('disconnect');
        const publishing = publisher.publish(OrderPlaced, order, { params, messageId: 'a' });
        await restarting;
        expect(await publishing).toMatchObject({ stream: 'FILED', duplicate: false });
        await api('STREAM.DELETE.FILED');
      });

      it('rejects what waits when the connection is closed', async () => {
        connection.subscribe('lost.*', { callback: () => undefined });
        const publishing = publisher.publish(Lost, 1, { params }).catch((error: unknown) => error);
        await connection.flush();
        await connection.close();
        expect(await publishing).toBeInstanceOf(UnacknowledgedError);
        await expect(publisher.publish(Lost, 1, { params })).rejects.toThrow(/connection to NATS is closed/);
      });
    });

    it('gives up after its timeout', async () => {
      connection.subscribe('lost.*', { callback: () => undefined });
      const publishing = publisherOf({ timeout: '50ms' }).publish(Lost, 1, { params });
      await expect(publishing).rejects.toThrow(/no acknowledgement within 50 ms: the event on lost\.1 may be stored/);
      await expect(publishing).rejects.toBeInstanceOf(UnacknowledgedError);
    });

    it('says how large an event may be', async () => {
      const publishing = publisher.publish(Raw, 'x'.repeat(2 * 1024 * 1024));
      await expect(publishing).rejects.toThrow(/over the server's max_payload \(1048576 bytes\)/);
    });

    describe('delivery at a later time', () => {
      beforeEach(async () => {
        await api('STREAM.DELETE.ORDERS');
        await api('STREAM.CREATE.ORDERS', {
          name: 'ORDERS',
          storage: 'memory',
          subjects: ['orders.>', '_at.ORDERS.>'],
          allow_msg_schedules: true,
          allow_msg_ttl: true,
          max_age: 3_600_000_000_000,
        });
      });

      it('stores the event when its time has come, once for a message id', async () => {
        const at = new Date(Date.now() + 3_000);
        const options = { params, at, messageId: 'a', ttl: '1m', headers: { 'X-A': 'b' } } as const;
        expect(await publisher.publish(OrderPlaced, order, options)).toMatchObject({ sequence: 1, duplicate: false });
        expect(await publisher.publish(OrderPlaced, order, options)).toMatchObject({ sequence: 1, duplicate: true });
        expect((await stored('ORDERS', 1))?.subject).toMatch(/^_at\.ORDERS\./);
        expect(await stored('ORDERS', 2)).toBeUndefined();
        await until(async () => (await stored('ORDERS', 2)) !== undefined);
        expect(await stored('ORDERS', 2)).toMatchObject({
          subject: 'orders.1.placed',
          headers: { 'X-A': 'b' },
          body: '{"id":"1","total":5}',
        });
        expect(await stored('ORDERS', 3)).toBeUndefined();
      });

      it('rejects beyond the age of the stream', async () => {
        const publishing = publisher.publish(OrderPlaced, order, { params, at: new Date(Date.now() + 7_200_000) });
        await expect(publishing).rejects.toThrow(
          /stream "ORDERS" cannot deliver it later: its maxAge is 1h, and the message would be removed before /,
        );
        expect(await stored('ORDERS', 1)).toBeUndefined();
      });

      it('goes through an outbox', async () => {
        const prepared = await publisher.prepare(OrderPlaced, order, { params, at: new Date(Date.now() + 60_000) });
        expect(prepared.subject).toBe('orders.1.placed');
        await publisher.send(prepared);
        expect((await stored('ORDERS', 1))?.subject).toMatch(/^_at\.ORDERS\./);
      });

      it.each([
        [{ retention: 'interest' }, /retention is interest/],
        [{ discard: 'new', allow_msg_schedules: false, subjects: ['orders.>'] }, /discard "new"/],
        [{ allow_msg_schedules: false, subjects: ['orders.>'] }, /no subject "_at.ORDERS.>" with schedules/],
      ])('rejects on a stream with %j', async (config, message) => {
        await api('STREAM.DELETE.ORDERS');
        await api('STREAM.CREATE.ORDERS', {
          name: 'ORDERS',
          storage: 'memory',
          subjects: ['orders.>', '_at.ORDERS.>'],
          allow_msg_schedules: true,
          ...config,
        });
        const publishing = publisher.publish(OrderPlaced, order, { params, at: new Date(Date.now() + 60_000) });
        await expect(publishing).rejects.toThrow(message);
      });
    });
  },
  { jetstream: true },
);

onEachServerAndClient(
  (_server, client) => {
    it('a publish that the server forbids fails at once', async () => {
      const connection = await client.connect({ user: 'reader', pass: 'secret' });
      const publisher = new JetStreamPublisher(connection);
      const publishing = publisher.publish(OrderPlaced, order, { params });
      await expect(publishing).rejects.toBeInstanceOf(PermissionError);
      await expect(publishing).rejects.toThrow(/publish to orders\.1\.placed/);
    });

    it('a subscription to its inbox that the server forbids fails at once', async () => {
      const connection = await client.connect({ user: 'deaf', pass: 'secret' });
      const publishing = new JetStreamPublisher(connection as never).publish(OrderPlaced, order, { params });
      await expect(publishing).rejects.toBeInstanceOf(PermissionError);
    });
  },
  {
    jetstream: true,
    users: [
      { user: 'reader', pass: 'secret', permissions: { publish: { deny: ['orders.>'] } } },
      { user: 'deaf', pass: 'secret', permissions: { subscribe: { deny: ['_INBOX.>'] } } },
    ],
  },
);

describe('on an older server', () => {
  // A server that only says its version: nothing is sent to it.
  const old = {
    info: { version: '2.10.29', max_payload: 1_048_576 },
    closed: () => new Promise(() => undefined),
    status: () => [],
    subscribe: () => undefined,
    flush: () => undefined,
    publish: () => {
      throw new Error('nothing may be sent');
    },
  };
  const publisher = new JetStreamPublisher(old as never);

  it.each([
    [{ params, ttl: '10s' } as const, /ttl needs nats-server 2\.11 or later, and this is 2\.10\.29/],
    [
      { params, at: new Date(Date.now() + 60_000) } as const,
      /at needs nats-server 2\.12 or later, and this is 2\.10\.29/,
    ],
  ])('%j is refused before anything is sent', async (options, message) => {
    await expect(publisher.publish(OrderPlaced, order, options)).rejects.toThrow(message);
  });
});

function statusOf(connection: Connection): (type: string) => Promise<void> {
  return async (type) => {
    for await (const status of connection.status()) if (status.type === type) return;
  };
}

/** Never runs: it only has to compile, and what is marked must not. */
export async function typeTests(publisher: JetStreamPublisher): Promise<void> {
  const receipt = await publisher.publish(OrderPlaced, order, { params: { id: 1 }, messageId: 'a', at: new Date() });
  const _stream: string = receipt.stream;
  await publisher.publish(Sequence, {});
  await publisher.publish(Sequence, { n: 1 }, { ttl: '5m', expect: { lastSequence: 3 } });
  await publisher.with({ headers: { get: () => undefined } }).publish(Raw, 1);
  // @ts-expect-error params are missing
  await publisher.publish(OrderPlaced, order);
  // @ts-expect-error a token has another name
  await publisher.publish(OrderPlaced, order, { params: { key: '1' } });
  // @ts-expect-error a field has another type
  await publisher.publish(OrderPlaced, { id: '1', total: 'five' }, { params });
  // @ts-expect-error an option that does not exist
  await publisher.publish(Sequence, {}, { msgID: 'a' });
  // @ts-expect-error a time is a Date
  await publisher.publish(Sequence, {}, { at: '2027-01-01' });
  // @ts-expect-error a wildcard cannot be published to
  await publisher.publish(event('orders.*', Order), order);
  // @ts-expect-error an event, not a subject
  await publisher.prepare('orders.1.placed', order);
  void [_stream, eventStream, PublishError];
}
