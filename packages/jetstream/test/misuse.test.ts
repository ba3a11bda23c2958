import { ServiceClient } from '@natsmith/client';
import { describeServices, Service } from '@natsmith/core';
import { event, ServiceError } from '@natsmith/protocol';
import type { Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import {
  bucket,
  Consume,
  DeadLetterBox,
  diffServices,
  diffStreams,
  Drop,
  ensureServices,
  ensureStreams,
  eventStream,
  JetStreamPublisher,
  key,
  KeyValueStore,
  Reject,
  Retry,
  ScheduleBook,
  type ConsumeOptions,
} from '../src';

const Mode = key('mode', 'unchecked');
const Config = bucket('config', { keys: [Mode] });
const Orders = eventStream('ORDERS', { subjects: ['orders.>'] });

const takers: [string, (connection: never) => unknown][] = [
  ['new JetStreamPublisher()', (connection) => new JetStreamPublisher(connection)],
  ['new KeyValueStore()', (connection) => new KeyValueStore(connection, Config)],
  ['new ScheduleBook()', (connection) => new ScheduleBook(connection)],
  ['new DeadLetterBox()', (connection) => new DeadLetterBox(connection)],
  ['ensureStreams()', (connection) => ensureStreams(connection, [Orders])],
  ['diffStreams()', (connection) => diffStreams(connection, [Orders])],
  ['ensureServices()', (connection) => ensureServices(connection, [])],
  ['diffServices()', (connection) => diffServices(connection, [])],
];

describe.each(takers)('%s', (name, take) => {
  const taken = async (given: unknown): Promise<unknown> => take(given as never);

  it.each([
    [undefined, 'got undefined; connect() of either library makes one'],
    [null, 'got null; connect() of either library makes one'],
    ['nats://localhost', 'got "nats://localhost"; connect() of either library makes one'],
    [{ servers: 'localhost' }, 'got an object; connect() of either library makes one'],
    [Promise.resolve(), 'got an object; await the promise first'],
  ])('refuses %p in the place of a connection', async (given, words) => {
    const sentence = `${name} needs a live connection of nats or @nats-io/transport-node, ${words}`;
    await expect(taken(given)).rejects.toThrow(new TypeError(sentence));
  });
});

describe('what a handler throws to end its message', () => {
  it.each([
    [() => new Retry('1s', { cuase: 1 } as never), 'new Retry() has an unknown option "cuase"; did you mean "cause"?'],
    [
      () => new Retry({ delay: '1s' } as never),
      'the delay of Retry must be a duration of 0 ms or more, in milliseconds or as a string such as "250ms", "30s", "5m", "2h", "7d"; got an object',
    ],
    [() => new Reject('x', { dta: 1 } as never), 'new Reject() has an unknown option "dta"; did you mean "data"?'],
    [
      () => new Reject('x', 'no stock' as never),
      'new Reject() has "no stock" in the place of its options; give an object',
    ],
    [() => new Reject(undefined as never), 'new Reject() needs its reason as a string, got undefined'],
    [() => new Drop(new Error('x') as never), 'new Drop() needs its reason as a string, got an object'],
    [() => new Drop('x', { data: 1 } as never), 'new Drop() has an unknown option "data"; the options are cause'],
    [
      () => new ServiceError(404, 'x', { dta: 1 } as never),
      'new ServiceError() has an unknown option "dta"; did you mean "data"?',
    ],
    [
      () => new ServiceError(404, 'x', 'no such order' as never),
      'new ServiceError() has "no such order" in the place of its options; give an object',
    ],
    [
      () => new ServiceError(404, 'x', { headers: 'X-A: 1' } as never),
      'new ServiceError() has an option "headers" that must be an object, got "X-A: 1"',
    ],
  ])('is refused with what is wrong with it (%#)', (make, message) => {
    expect(make).toThrow(new TypeError(message));
  });

  it('takes what it always took', () => {
    expect(new Reject('no stock', { data: { sku: 1 }, cause: 'x' })).toMatchObject({ data: { sku: 1 }, cause: 'x' });
    expect(new Retry('1s', { cause: undefined }).delay).toBe(1_000);
    expect(new Drop('late', {}).message).toBe('late');
  });
});

it('a consumer of its own dead letters is refused: each would be buried again', () => {
  const Letter = event('dead.{stream}.{durable}.{sequence}', 'unchecked');
  const Letters = eventStream('DEAD_LETTERS', { events: [Letter] });
  const reading = (options: Pick<ConsumeOptions, 'deadLetters'>) => {
    @Service({ name: 'undertaker', version: '1.0.0' })
    class Undertaker {
      @Consume(Letters, Letter, options) read(): void {}
    }
    return describeServices(Undertaker);
  };
  expect(() => reading({})).toThrow(
    'consumes its own dead letters, "dead.DEAD_LETTERS.undertaker-read.*"; set { deadLetters: false }, or a subject that it does not consume',
  );
  expect(reading({ deadLetters: false })).toHaveLength(1);
  expect(reading({ deadLetters: 'buried' })).toHaveLength(1);
});

it('what a publisher and a box of dead letters are given is checked, too', async () => {
  const nothing = (): void => undefined;
  const closed = () => new Promise<never>(nothing);
  const connection = { publish: nothing, subscribe: nothing, flush: nothing, closed, isClosed: () => false } as never;
  const publisher = new JetStreamPublisher(connection);
  await expect(publisher.send(undefined as never)).rejects.toThrow(
    'send() takes what prepare() has made, got undefined',
  );
  expect(() => publisher.with({} as never)).toThrow('with() takes the context of a handler, got an object');
  const letters = new DeadLetterBox(connection).list({ consumr: 'mailer' } as never);
  await expect(letters.next()).rejects.toThrow('list() has an unknown option "consumr"; did you mean "consumer"?');
});

it('streams and buckets that are none are named, with where they were given', async () => {
  const nothing = (): void => undefined;
  const connection = { publish: nothing, subscribe: nothing, flush: nothing } as never;
  await expect(ensureStreams(connection, Orders as never)).rejects.toThrow(
    'ensureStreams() needs an array of streams and buckets, got an object',
  );
  expect(() => new KeyValueStore(connection, undefined as never)).toThrow(
    'new KeyValueStore() was given undefined in the place of a stream or bucket; is one used before its declaration, or in a circular import?',
  );
});

onEachServerAndClient((_server, client) => {
  it('a client in the place of its connection is refused with the way to that', async () => {
    const connection: Connection = await client.connect();
    const caller = new ServiceClient(connection);
    expect(() => new JetStreamPublisher(caller as never)).toThrow(/got an object; give its property "connection"$/);
    expect(new JetStreamPublisher(caller.connection)).toBeInstanceOf(JetStreamPublisher);
    await connection.close();
  });
});
