import { Broker } from '@natsmith/broker';
import { connect, headers as createHeaders, type NatsConnection } from 'nats';
import { JetStreamApi, text } from './api';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

describe('the time of a broker', () => {
  let broker: Broker;
  let connection: NatsConnection;
  let api: JetStreamApi;
  let seen: string[];

  beforeEach(async () => {
    broker = await Broker.start();
    connection = await connect({ servers: broker.url });
    api = new JetStreamApi(connection);
    seen = [];
    connection.subscribe('reader', { callback: (_, message) => void seen.push(message.string()) });
  });
  afterEach(async () => {
    await connection.close();
    await broker.stop();
  });

  const stream = (config: object = {}) => api.stream({ name: 'S', subjects: ['s.>'], ...config });
  const messages = async (): Promise<number> => (await api.ask('STREAM.INFO.S')).state.messages;

  test('that is moved on ends what is old enough, and nothing else', async () => {
    await stream({ max_age: 2 * HOUR * 1e6 });
    await api.publish('s.a', 'old');
    await broker.advance(HOUR);
    await api.publish('s.a', 'young');
    await broker.advance(HOUR + SECOND);
    expect(await messages()).toBe(1);
  });

  test('brings back a message hours later in a moment', async () => {
    await stream();
    await api.consumer('S', { durable_name: 'c', ack_wait: HOUR * 1e6 });
    await api.publish('s.a', 'a');
    const [first] = await api.pull('S', 'c', { batch: 1 });
    first!.respond(Buffer.from(`-NAK {"delay": ${5 * HOUR * 1e6}}`));
    await connection.flush();
    const again = api.pull('S', 'c', { batch: 1 });
    await connection.flush();
    await broker.advance(5 * HOUR - SECOND);
    expect((await api.ask('CONSUMER.INFO.S.c')).num_redelivered).toBe(0);
    await broker.advance(2 * SECOND);
    expect(text((await again)[0]!)).toBe('a');
    const third = api.pull('S', 'c', { batch: 1 });
    await connection.flush();
    await broker.advance(HOUR + SECOND);
    expect((await third)[0]!.reply).toMatch(/^\$JS\.ACK\.S\.c\.3\./);
  });

  test('runs a schedule at each of its times, in order, with what its readers say in between', async () => {
    await stream({ allow_msg_schedules: true });
    await api.consumer('S', {
      durable_name: 'c',
      deliver_subject: 'ticks',
      ack_policy: 'none',
      filter_subject: 's.now',
    });
    connection.subscribe('ticks', {
      callback: (_, message) => connection.publish('reader', message.headers!.get('Nats-Schedule-Next')),
    });
    await connection.flush();
    const headers = createHeaders();
    headers.set('Nats-Schedule', '0 0 5 * * *');
    headers.set('Nats-Schedule-Time-Zone', 'Europe/Berlin');
    headers.set('Nats-Schedule-Target', 's.now');
    await connection.request('s.daily', 'report', { headers, timeout: 1_000 });
    await broker.advance(3 * 24 * HOUR);
    await connection.flush();
    expect(seen).toHaveLength(3);
    const [first, second] = seen.map((time) => Date.parse(time));
    expect(Math.abs(second! - first! - 24 * HOUR)).toBeLessThanOrEqual(HOUR);
  });

  test('lets message ids be used again after their window', async () => {
    await stream({ duplicate_window: 60 * SECOND * 1e6 });
    const publish = async (): Promise<unknown> => {
      const headers = createHeaders();
      headers.set('Nats-Msg-Id', 'x');
      return (await connection.request('s.a', '', { headers, timeout: 1_000 })).json();
    };
    await publish();
    await broker.advance(59 * SECOND);
    expect(await publish()).toMatchObject({ seq: 1, duplicate: true });
    await broker.advance(2 * SECOND);
    expect(await publish()).toEqual({ stream: 'S', seq: 2 });
  });

  test('is what messages are stored with', async () => {
    await stream();
    await broker.advance(24 * HOUR);
    await api.publish('s.a', '');
    const { message } = (await api.ask('STREAM.MSG.GET.S', { seq: 1 })) as unknown as { message: { time: string } };
    const ahead = Date.parse(message.time) - Date.now();
    expect(ahead).toBeGreaterThan(24 * HOUR - 10 * SECOND);
    expect(ahead).toBeLessThan(24 * HOUR + 10 * SECOND);
  });

  test('awaits the callback after each step', async () => {
    await stream({ allow_msg_ttl: true });
    for (const ttl of ['1s', '2s', '3s']) {
      const headers = createHeaders();
      headers.set('Nats-TTL', ttl);
      await connection.request(`s.${ttl}`, '', { headers, timeout: 1_000 });
    }
    const left: number[] = [];
    await broker.advance(10 * SECOND, async () => void left.push(await messages()));
    expect(left).toEqual([2, 1, 0]);
  });

  test.each([-1, NaN, Infinity])('cannot be moved by %d', async (ms) => {
    await expect(broker.advance(ms)).rejects.toThrow('advance: ms must be a positive number');
  });

  test('is that of JetStream, which may be off', async () => {
    await using plain = await Broker.start({ jetstream: false });
    await expect(plain.advance(1)).rejects.toThrow('this broker has no JetStream');
    expect(String(plain)).toContain('no JetStream');
  });
});
