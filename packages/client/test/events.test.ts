import { setTimeout as delay } from 'node:timers/promises';
import { event, type InvalidEvent, PermissionError, ServiceClient } from '@natsmith/client';
import { ServiceError } from '@natsmith/protocol';
import { z } from 'zod';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';

const OrderPlaced = event('orders.{id}.placed', z.object({ quantity: z.number().min(1), at: z.coerce.date() }));
const OrderShipped = event('orders.{id}.shipped', z.object({ carrier: z.string().default('post') }));
const Forbidden = event('forbidden', 'unchecked');

const users = [
  { user: 'all', pass: 'x' },
  { user: 'few', pass: 'x', permissions: { publish: { deny: ['forbidden'] }, subscribe: { deny: ['forbidden'] } } },
];

function throwErrorOf(thrown: unknown): never {
  throw thrown as Error;
}

onEachServerAndClient(
  (_server, library) => {
    let connection: Connection;
    let client: ServiceClient<Connection>;
    beforeEach(async () => {
      connection = await library.connect({ user: 'all', pass: 'x' });
      client = new ServiceClient(connection);
    });
    const ready = (): Promise<void> => connection.flush();

    test('an event arrives decoded, with the values of its tokens and its headers', async () => {
      const orders = client.subscribe(OrderPlaced);
      await ready();
      await client.publish(OrderPlaced, { quantity: 2, at: new Date(0) }, { params: { id: 7 }, headers: { A: 'b' } });
      const { value } = await orders.next();
      expect(value).toMatchObject({
        payload: { quantity: 2, at: new Date(0) },
        params: { id: '7' },
        subject: 'orders.7.placed',
        event: OrderPlaced,
      });
      expect(value?.headers.get('A')).toBe('b');
    });

    test('what is not valid is refused before anything is sent', async () => {
      const all = client.subscribe(event('orders.>', 'unchecked'));
      await ready();
      const refused: unknown = await client
        .publish(OrderPlaced, { quantity: 0, at: new Date(0) }, { params: { id: 1 } })
        .catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(ServiceError);
      expect(refused).toMatchObject({ code: 400, data: [{ path: 'quantity' }] });
      await expect(client.publish(OrderShipped, {}, { params: { id: 'a.b' } })).rejects.toThrow(TypeError);
      await client.publish(OrderShipped, {}, { params: { id: 2 } });
      expect((await all.next()).value?.subject).toBe('orders.2.shipped');
    });

    test('several events come in one loop', async () => {
      const both = client.subscribe([OrderPlaced, OrderShipped]);
      await ready();
      await client.publish(OrderPlaced, { quantity: 1, at: new Date(0) }, { params: { id: 1 } });
      await client.publish(OrderShipped, {}, { params: { id: 1 } });
      expect((await both.next()).value?.event).toBe(OrderPlaced);
      expect((await both.next()).value).toMatchObject({ event: OrderShipped, payload: { carrier: 'post' } });
    });

    test('hostile messages go to onInvalid, and the loop goes on whatever that does', async () => {
      const invalid: [Error, InvalidEvent][] = [];
      const orders = client.subscribe(OrderPlaced, {
        onInvalid: (...args) => {
          invalid.push(args);
          throw new Error('no');
        },
      });
      await ready();
      for (const body of ['{', '[]', '', '\u0000\u0001', `${'['.repeat(5_000)}`])
        connection.publish('orders.1.placed', Buffer.from(body));
      await client.publish(OrderPlaced, { quantity: 3, at: new Date(0) }, { params: { id: 1 } });
      expect((await orders.next()).value?.payload.quantity).toBe(3);
      expect(invalid).toHaveLength(5);
      expect(invalid[0]).toMatchObject([{ code: 400 }, { subject: 'orders.1.placed', event: OrderPlaced }]);
    });

    describe('a loop goes on', () => {
      const circular: { self?: unknown } = {};
      circular.self = circular;
      const throwing = (): never => {
        throw new Error('hostile');
      };
      const thrown: [string, unknown][] = [
        ['undefined', undefined],
        ['an object without a string form', Object.create(null)],
        ['an object that throws where it is made a string', { toString: throwing }],
        ['a proxy that throws', new Proxy({}, { getPrototypeOf: throwing, get: throwing })],
        ['an error whose message throws', Object.defineProperty(new Error('x'), 'message', { get: throwing })],
        ['an error whose message is a symbol', Object.assign(new Error('x'), { message: Symbol('x') })],
        ['a ServiceError with circular data', new ServiceError(400, 'no', { data: circular })],
        ['a ServiceError with a bigint', new ServiceError(400, 'no', { data: 1n })],
      ];
      const Odd = event('odd', {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: (value: unknown) => {
            if (value === 'good') return { value };
            throw thrown[value as number]?.[1];
          },
        },
      });
      let warnings: jest.SpyInstance;
      beforeEach(() => (warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)));
      afterEach(() => warnings.mockRestore());

      it.each(thrown.map(([name], i) => [name, i] as const))('after %s, thrown by a validator', async (_name, i) => {
        const told: unknown[] = [];
        const loops = [client.subscribe(Odd), client.subscribe(Odd, { onInvalid: (error) => void told.push(error) })];
        await ready();
        connection.publish('odd', String(i));
        connection.publish('odd', '"good"');
        for (const loop of loops) expect((await loop.next()).value?.payload).toBe('good');
        expect(told).toEqual([expect.any(Error)]);
        expect(warnings.mock.calls).toEqual([
          [expect.stringMatching(/^an event on odd is left out: .*"onInvalid"/), 'NatsmithWarning'],
        ]);
      });

      it.each<[string, () => unknown]>([
        ['throws what cannot be read', () => throwErrorOf(thrown[2]?.[1])],
        ['rejects', () => Promise.reject(new Error('late'))],
        ['gives what only looks like a promise and rejects', () => ({ then: (_: unknown, no: () => void) => no() })],
        ['gives an object whose "then" throws', () => Object.defineProperty({}, 'then', { get: throwing })],
      ])('where onInvalid %s, with one warning', async (_name, onInvalid) => {
        const loop = client.subscribe(Odd, { onInvalid });
        await ready();
        for (const body of ['0', '0', '"good"']) connection.publish('odd', body);
        expect((await loop.next()).value?.payload).toBe('good');
        await delay(1);
        expect(warnings.mock.calls).toEqual([
          [expect.stringMatching(/^the "onInvalid" of a client.subscribe\(\) threw: /), 'NatsmithWarning'],
        ]);
      });
    });

    test('a loop that is slow loses what comes beyond its bound, and keeps the order of the rest', async () => {
      const orders = client.subscribe(OrderShipped, { maxPending: 2 });
      await ready();
      for (const carrier of ['a', 'b', 'c']) await client.publish(OrderShipped, { carrier }, { params: { id: 1 } });
      expect((await orders.next()).value?.payload.carrier).toBe('a');
      expect((await orders.next()).value?.payload.carrier).toBe('b');
      await client.publish(OrderShipped, { carrier: 'd' }, { params: { id: 1 } });
      expect((await orders.next()).value?.payload.carrier).toBe('d');
    });

    test('the subscribers of a queue group share the events', async () => {
      const seen: string[] = [];
      const read = async (loop: AsyncIterable<{ payload: { carrier: string } }>): Promise<void> => {
        for await (const { payload } of loop) seen.push(payload.carrier);
      };
      const loops = [1, 2].map(() => read(client.subscribe(OrderShipped, { queueGroup: 'workers' })));
      await ready();
      const carriers = Array.from({ length: 20 }, (_, i) => String(i));
      await Promise.all(carriers.map((carrier) => client.publish(OrderShipped, { carrier }, { params: { id: 1 } })));
      while (seen.length < 20) await delay(1);
      await client.close();
      await Promise.all(loops);
      expect(seen.sort()).toEqual(carriers.sort());
    });

    test('a loop ends with its signal, its reader and the client', async () => {
      const stop = new AbortController();
      const bySignal = client.subscribe(OrderShipped, { signal: stop.signal }).next();
      stop.abort();
      expect(await bySignal).toEqual({ done: true, value: undefined });
      const left = client.subscribe(OrderShipped);
      await left.return?.();
      expect(await left.next()).toEqual({ done: true, value: undefined });
      const byClient = client.subscribe(OrderShipped).next();
      await client.close();
      expect(await byClient).toEqual({ done: true, value: undefined });
    });

    test('the server forbids it: a PermissionError, also among many that it permits', async () => {
      const few = new ServiceClient(await library.connect({ user: 'few', pass: 'x' }));
      const results = await Promise.allSettled([
        few.publish(OrderShipped, {}, { params: { id: 1 } }),
        few.publish(Forbidden, 1),
        few.publish(OrderShipped, {}, { params: { id: 1 } }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(PermissionError);
      await expect(few.subscribe(Forbidden).next()).rejects.toThrow(PermissionError);
    });

    test('a trace is carried on, a deadline is not', async () => {
      const orders = client.subscribe(OrderShipped);
      await ready();
      const headers = { get: (name: string) => (name === 'traceparent' ? 'trace' : undefined) };
      const carrying = client.with({ headers, deadline: new Date(Date.now() + 1_000) });
      await carrying.publish(OrderShipped, {}, { params: { id: 1 } });
      expect((await orders.next()).value?.headers.keys()).toEqual(['traceparent']);
    });
  },
  { users },
);
