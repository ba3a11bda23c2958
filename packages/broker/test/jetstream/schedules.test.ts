import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '#test/connection';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import { JetStreamApi, text } from './api';

onEachJetStream((server, client) => {
  let count = 0;
  let name: string;
  let api: JetStreamApi;
  let seen: Message[];

  const start = async (config: object = {}): Promise<void> => {
    name = `T${count++}`;
    api = new JetStreamApi(await client.connect());
    await api.stream({ name, subjects: [`${name}.>`], allow_msg_schedules: true, allow_msg_ttl: true, ...config });
    seen = [];
    const inbox = `_INBOX.${name}`;
    api.connection.subscribe(inbox, { callback: (_, message) => void seen.push(message) });
    await api.consumer(name, { durable_name: 'c', deliver_subject: inbox, ack_policy: 'none' });
  };
  const put = async (subject: string, body: string, given: Record<string, string>): Promise<unknown> => {
    const headers = client.headers();
    for (const [key, value] of Object.entries(given)) headers.append(key, value);
    const reply = await api.connection.request(`${name}.${subject}`, body, { headers, timeout: 2_000 });
    return JSON.parse(text(reply));
  };
  const on = (subject: string): Message[] => seen.filter((message) => message.subject === `${name}.${subject}`);

  test('a message is delivered at its time, with its own headers, and its schedule is gone', async () => {
    await start();
    const at = new Date(Date.now() + 700).toISOString();
    await put('later', 'body', {
      'Nats-Schedule': `@at ${at}`,
      'Nats-Schedule-Target': `${name}.now`,
      'Nats-Msg-Id': 'x',
      'X-Own': 'kept',
    });
    await until(() => on('now').length > 0);
    const [message] = on('now');
    expect(text(message!)).toBe('body');
    expect(message!.headers!.get('X-Own')).toBe('kept');
    expect(message!.headers!.get('Nats-Scheduler')).toBe(`${name}.later`);
    expect(message!.headers!.get('Nats-Schedule-Next')).toBe('purge');
    expect(message!.headers!.has('Nats-Msg-Id')).toBe(false);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(at));
    const { state } = await api.ask(`STREAM.INFO.${name}`);
    expect(state.messages).toBe(1);
  });

  test('a message is delivered again and again, until something else is put in its place', async () => {
    await start();
    await put('each', 'tick', { 'Nats-Schedule': '@every 1s', 'Nats-Schedule-Target': `${name}.now` });
    await until(() => on('now').length >= 2);
    await put('each', 'done', {});
    const before = on('now').length;
    await sleep(1_300);
    expect(before).toBeGreaterThanOrEqual(2);
    expect(on('now').length).toBe(before);
  });

  test('a cron pattern is put in the place of another on its subject', async () => {
    await start();
    const target = { 'Nats-Schedule-Target': `${name}.now` };
    await put('cron', 'never', { 'Nats-Schedule': '0 0 0 1 1 *', ...target });
    await put('cron', 'tick', {
      'Nats-Schedule': '* * * * * *',
      'Nats-Schedule-Time-Zone': 'Europe/Berlin',
      ...target,
    });
    await until(() => on('now').length > 0);
    expect(text(on('now')[0]!)).toBe('tick');
    expect((await api.ask(`STREAM.INFO.${name}`)).state.messages).toBeGreaterThanOrEqual(2);
  });

  test('a message whose time is over goes, and leaves a marker where the stream wants one', async () => {
    await start({ subject_delete_marker_ttl: 60e9, max_msgs_per_subject: 1 });
    await put('short', 'body', { 'Nats-TTL': '1s' });
    await until(() => on('short').length >= 2);
    const [, marker] = on('short');
    expect([text(marker!), marker!.headers!.get('Nats-Marker-Reason'), marker!.headers!.get('Nats-TTL')]).toEqual([
      '',
      'MaxAge',
      '1m0s',
    ]);
    expect((await api.ask(`STREAM.INFO.${name}`)).state.messages).toBe(1);
  });

  test('a stream forgets what is older than its age', async () => {
    await start({ max_age: 300e6 });
    await put('old', 'body', {});
    const ask = () => api.ask(`STREAM.INFO.${name}`);
    let { state } = await ask();
    for (let i = 0; i < 100 && state.messages > 0; i++) {
      await sleep(25);
      ({ state } = await ask());
    }
    expect([state.messages, state.first_seq, state.last_seq]).toEqual([0, 2, 1]);
  });
}, '2.14.0');
