import { Broker, type BrokerLogger } from '@natsmith/broker';
import { connect, headers as createHeaders, type NatsConnection } from 'nats';
import { JetStreamApi } from './api';

const HUGE = '9'.repeat(30);
const DEEP = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;

/** Bodies that somebody could send to any subject of the API. */
const bodies = [
  'nonsense',
  '{',
  '[]',
  '"text"',
  'null',
  '1e999',
  DEEP,
  `{"config":${DEEP}}`,
  '{"__proto__":{"name":"S"}}',
  '{"constructor":{"prototype":{}}}',
  `{"name":"S","stream_name":"S","seq":${HUGE},"offset":-1,"batch":${HUGE},"expires":-5}`,
  '{"name":null,"subjects":null,"config":null,"seq":null}',
  '{"name":"S","subjects":[1,{},null]}',
  `{"name":"S","subjects":${JSON.stringify(Array.from({ length: 5_000 }, (_, i) => `x${i}`))}}`,
  '{"name":"S","max_age":1.5,"max_msgs":"many"}',
  '{"stream_name":"S","config":{"backoff":[-1],"opt_start_time":"0000-00-00T00:00:00Z","pause_until":"soon"}}',
  '{"stream_name":"S","config":{"durable_name":"c","metadata":{"a":1}}}',
  '{"pause_until":"9999-12-31T23:59:59Z"}',
];

/** Where the API listens, with names that are none. */
const subjects = [
  'INFO',
  'STREAM.CREATE.S',
  'STREAM.UPDATE.S',
  'STREAM.INFO.S',
  'STREAM.NAMES',
  'STREAM.LIST',
  'STREAM.PURGE.T',
  'STREAM.MSG.GET.S',
  'STREAM.MSG.DELETE.S',
  'STREAM.MSG',
  'STREAM',
  'CONSUMER.CREATE.S',
  'CONSUMER.CREATE.S.c',
  'CONSUMER.CREATE.S.c.d.e.f',
  'CONSUMER.DURABLE.CREATE.S.c',
  'CONSUMER.INFO.S.c',
  'CONSUMER.PAUSE.S.c',
  'CONSUMER.RESET.S.c',
  'CONSUMER.UNPIN.S.c',
  'CONSUMER.CREATE',
  'CONSUMER.NAMES.constructor',
  'CONSUMER.LIST.__proto__',
  'NOTHING.OF.THE.KIND',
];

describe('JetStream of the broker', () => {
  let broker: Broker;
  let connection: NatsConnection;
  let api: JetStreamApi;
  let failures: string[];

  beforeEach(async () => {
    failures = [];
    const logger: BrokerLogger = { debug: () => undefined, warn: (_, message) => failures.push(message) };
    broker = await Broker.start({ logger });
    connection = await connect({ servers: broker.url, reconnect: false });
    api = new JetStreamApi(connection);
    await api.stream({
      name: 'S',
      subjects: ['s.>'],
      allow_direct: true,
      allow_msg_ttl: true,
      allow_msg_schedules: true,
    });
    await api.stream({ name: 'T', subjects: ['t.>'] });
    await api.consumer('S', { durable_name: 'c' });
  });
  afterEach(async () => {
    await connection.close();
    await broker.stop();
  });

  const isWell = async (): Promise<void> => {
    const seq = await api.publish('t.well', 'body');
    expect(seq).toBeGreaterThan(0);
    expect(failures).toEqual([]);
  };

  test.each(subjects)('answers whatever is sent to %s', async (subject) => {
    for (const body of bodies) {
      const reply = await connection.request(`$JS.API.${subject}`, body, { timeout: 2_000 });
      expect(reply.json()).toHaveProperty('type');
    }
    await isWell();
  });

  test('outlives requests for messages that make no sense', async () => {
    await api.publish('s.a', 'body');
    for (const body of [...bodies, `{"batch":${HUGE}}`, '{"batch":-1}', '{"max_bytes":-9}', HUGE, '-5']) {
      connection.publish('$JS.API.CONSUMER.MSG.NEXT.S.c', body, { reply: 'nobody' });
      connection.publish('$JS.API.DIRECT.GET.S', body, { reply: 'nobody' });
      connection.publish('$JS.API.DIRECT.GET.S.s.a', body, { reply: 'nobody' });
    }
    connection.publish('$JS.API.CONSUMER.MSG.NEXT', '', { reply: 'nobody' });
    connection.publish('$JS.API.DIRECT', '', { reply: 'nobody' });
    await isWell();
  });

  test('outlives acknowledgements of what was never delivered', async () => {
    await api.publish('s.a', 'body');
    const [message] = await api.pull('S', 'c', { batch: 1 });
    const forged = [
      'S.c.1.99.99.0.0',
      'S.c.0.0.0.0.0',
      `S.c.1.${HUGE}.1.0.0`,
      'S.c.x.y.z.0.0',
      'S.c',
      'X.y.1.1.1.0.0',
      '',
    ];
    for (const subject of forged) {
      for (const body of [
        '',
        '+ACK',
        '-NAK',
        '-NAK {"delay":1e400}',
        '-NAK {',
        '-NAK 5q',
        '+TERM',
        '+WPI',
        '+NXT {',
        'x',
      ])
        connection.publish(`$JS.ACK.${subject}`, body, { reply: 'nobody' });
    }
    connection.publish(message!.reply!, '-NAK {"delay":-9e30}');
    connection.publish('$JS.FC.S.c.forged', '');
    connection.publish('$JS.FC', '');
    await connection.flush();
    expect((await api.ask('CONSUMER.INFO.S.c')).num_ack_pending).toBe(1);
    await isWell();
  });

  test('refuses headers that it cannot read, and keeps nothing of them', async () => {
    const wrong: [string, string][] = [
      ['Nats-TTL', HUGE],
      ['Nats-TTL', '-1s'],
      ['Nats-Expected-Last-Sequence', HUGE],
      ['Nats-Expected-Last-Subject-Sequence', 'x'],
      ['Nats-Rollup', 'everything'],
      ['Nats-Schedule', `@every ${HUGE}h`],
      ['Nats-Schedule', '@at 99999-01-01T00:00:00Z'],
      ['Nats-Schedule', `${'1,'.repeat(1_000)}1 * * * * *`],
      ['Nats-Schedule-Time-Zone', '../../etc/passwd'],
      ['Nats-Schedule-Next', 'purge'],
    ];
    for (const [name, value] of wrong) {
      const headers = createHeaders();
      headers.set(name, value);
      const reply = await connection.request('s.a', 'body', { headers, timeout: 1_000 });
      expect([name, value, reply.json()]).toEqual([
        name,
        value,
        expect.objectContaining({ error: expect.anything() as object }),
      ]);
    }
    expect((await api.ask('STREAM.INFO.S')).state.messages).toBe(0);
  });

  test('does not do what a reply subject says', async () => {
    connection.publish('s.a', 'body', { reply: '$JS.API.STREAM.DELETE.T' });
    connection.publish('$JS.API.CONSUMER.MSG.NEXT.S.c', '', { reply: '$JS.API.STREAM.DELETE.T' });
    await isWell();
  });

  test('leaves room for others while streams feed each other for ever', async () => {
    await api.consumer('S', { durable_name: 'to-t', deliver_subject: 't.from-s', ack_policy: 'none' });
    await api.consumer('T', { durable_name: 'to-s', deliver_subject: 's.from-t', ack_policy: 'none' });
    await api.publish('s.a', 'body');
    for (let i = 0; i < 20; i++) await connection.flush();
    await isWell();
    await api.ask('STREAM.DELETE.S');
  });

  test('ends with everything that hangs on its time', async () => {
    const headers = createHeaders();
    headers.set('Nats-Schedule', '@every 1s');
    headers.set('Nats-Schedule-Target', 's.now');
    await connection.request('s.each', '', { headers, timeout: 1_000 });
    const advancing = broker.advance(1e9);
    await broker.stop();
    await advancing;
    expect(failures).toEqual([]);
  });
});
