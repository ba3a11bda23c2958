import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '#test/connection';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import { JetStreamApi, statusOf, text } from './api';

const SECOND = 1e9;

onEachJetStream((server, client) => {
  let count = 0;
  let name: string;
  let api: JetStreamApi;

  beforeEach(async () => {
    name = `C${count++}`;
    api = new JetStreamApi(await client.connect());
  });

  const fill = async (...subjects: string[]): Promise<void> => {
    await api.stream({ name, subjects: [`${name}.>`] });
    for (const subject of subjects) await api.publish(`${name}.${subject}`, subject);
  };
  const texts = (messages: Message[]): string[] => messages.map((message) => statusOf(message) ?? text(message));
  const info = (consumer = 'c') => api.ask(`CONSUMER.INFO.${name}.${consumer}`);
  const say = (message: Message | undefined, words: string): void => api.connection.publish(message!.reply!, words);
  const advisories = async (kind: string): Promise<Record<string, unknown>[]> => {
    const seen: Record<string, unknown>[] = [];
    api.connection.subscribe(`$JS.EVENT.ADVISORY.CONSUMER.${kind}.${name}.>`, {
      callback: (_, message) => void seen.push(JSON.parse(text(message)) as Record<string, unknown>),
    });
    await api.connection.flush();
    return seen;
  };

  test('begins where its policy says', async () => {
    await fill('a', 'b', 'a', 'c');
    const begin = async (config: object): Promise<string[]> => {
      const durable_name = `d${Math.random().toString(36).slice(2)}`;
      await api.consumer(name, { durable_name, ...config });
      return texts(await api.pull(name, durable_name, { batch: 9, no_wait: true })).filter((one) => one.length === 1);
    };
    expect(await begin({ deliver_policy: 'all' })).toEqual(['a', 'b', 'a', 'c']);
    expect(await begin({ deliver_policy: 'last' })).toEqual(['c']);
    expect(await begin({ deliver_policy: 'last', filter_subject: `${name}.a` })).toEqual(['a']);
    expect(await begin({ deliver_policy: 'new' })).toEqual([]);
    expect(await begin({ deliver_policy: 'by_start_sequence', opt_start_seq: 3 })).toEqual(['a', 'c']);
    expect(await begin({ deliver_policy: 'last_per_subject', filter_subject: `${name}.>` })).toEqual(['b', 'a', 'c']);
    expect(await begin({ deliver_policy: 'by_start_time', opt_start_time: '2020-01-01T00:00:00Z' })).toHaveLength(4);
    expect(await begin({ filter_subjects: [`${name}.b`, `${name}.c`] })).toEqual(['b', 'c']);
  });

  test('delivers no more than may wait for acknowledgements', async () => {
    await fill('a', 'b', 'c');
    await api.consumer(name, { durable_name: 'c', max_ack_pending: 2 });
    const first = await api.pull(name, 'c', { batch: 9, expires: SECOND / 10 });
    say(first[0], '+ACK');
    const second = await api.pull(name, 'c', { batch: 9, expires: SECOND / 10 });
    expect(texts(first)).toEqual(['a', 'b', '408 Request Timeout']);
    expect(texts(second)).toEqual(['c', '408 Request Timeout']);
  });

  test('acknowledges all up to a message where its policy is all', async () => {
    await fill('a', 'b', 'c');
    await api.consumer(name, { durable_name: 'c', ack_policy: 'all' });
    const [, second] = await api.pull(name, 'c', { batch: 3, expires: SECOND / 10 });
    say(second, '+ACK');
    await until(async () => (await info()).num_ack_pending === 1);
    expect((await info()).ack_floor.stream_seq).toBe(2);
  });

  test('confirms an acknowledgement that is a request, and takes the next with one', async () => {
    await fill('a', 'b');
    await api.consumer(name, { durable_name: 'c' });
    const [first] = await api.pull(name, 'c', { batch: 1, expires: SECOND });
    const confirmed = await api.connection.request(first!.reply!, '+ACK', { timeout: 500 });
    const [second] = await api.pull(name, 'c', { batch: 1, expires: SECOND });
    expect([text(confirmed), text(second!)]).toEqual(['', 'b']);
  });

  test('publishes an advisory for messages that reached max_deliver, and delivers them no more', async () => {
    await fill('a');
    await api.consumer(name, { durable_name: 'c', max_deliver: 2, ack_wait: SECOND / 10 });
    const seen = await advisories('MAX_DELIVERIES');
    const got = await api.pull(name, 'c', { batch: 9, expires: SECOND / 2 });
    expect(got.filter((message) => !statusOf(message))).toHaveLength(2);
    expect(seen).toEqual([expect.objectContaining({ stream: name, consumer: 'c', stream_seq: 1, deliveries: 2 })]);
    expect((await info()).num_ack_pending).toBe(0);
  });

  test('waits longer for each delivery with backoff', async () => {
    await fill('a');
    await api.consumer(name, { durable_name: 'c', max_deliver: 3, backoff: [SECOND / 10, SECOND / 2] });
    const times: number[] = [];
    const inbox = `_INBOX.${name}`;
    api.connection.subscribe(inbox, { callback: (_, message) => void (statusOf(message) ?? times.push(Date.now())) });
    const body = JSON.stringify({ batch: 3, expires: 30 * SECOND });
    const asked = Date.now();
    api.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${name}.c`, body, { reply: inbox });
    await until(() => times.length === 3);
    // From the request on, since a busy machine may read the first one late. Timers may be a little early.
    expect(times[1]! - asked).toBeGreaterThanOrEqual(95);
    expect(times[2]! - asked).toBeGreaterThanOrEqual(590);
  });

  test('publishes an advisory for messages that were terminated or refused, with the reason', async () => {
    await fill('a', 'b');
    await api.consumer(name, { durable_name: 'c' });
    const [terminated, refused] = [await advisories('MSG_TERMINATED'), await advisories('MSG_NAKED')];
    const [a, b] = await api.pull(name, 'c', { batch: 2, expires: SECOND });
    say(a, '+TERM it is broken');
    say(b, '-NAK {"delay": 10000000000}');
    await until(() => terminated.length > 0 && refused.length > 0);
    expect(terminated).toEqual([expect.objectContaining({ stream_seq: 1, deliveries: 1, reason: 'it is broken' })]);
    expect(refused).toEqual([expect.objectContaining({ stream_seq: 2, consumer_seq: 2 })]);
  });

  test('delivers nothing while it is paused, and goes on afterwards', async () => {
    await fill('a');
    const until = new Date(Date.now() + 400).toISOString();
    await api.consumer(name, { durable_name: 'c' });
    expect((await api.ask(`CONSUMER.PAUSE.${name}.c`, { pause_until: until })).paused).toBe(true);
    const early = await api.pull(name, 'c', { batch: 1, expires: SECOND / 5 });
    const late = await api.pull(name, 'c', { batch: 1, expires: SECOND });
    expect([texts(early), texts(late)]).toEqual([['408 Request Timeout'], ['a']]);
  });

  test('sends headers alone where that is asked, with the size of what it left out', async () => {
    await fill('a');
    await api.consumer(name, { durable_name: 'c', headers_only: true });
    const [message] = await api.pull(name, 'c', { batch: 1, expires: SECOND });
    expect([text(message!), message!.headers?.get('Nats-Msg-Size')]).toEqual(['', '1']);
  });

  test('ends a request at its bytes, its time, and when there is nothing for one that does not wait', async () => {
    await fill('a', 'b');
    await api.consumer(name, { durable_name: 'c' });
    const asks: [{ batch: number } & Record<string, unknown>, string[]][] = [
      [{ batch: 1, max_bytes: 3, expires: SECOND / 10 }, ['409 Message Size Exceeds MaxBytes']],
      [{ batch: 9, no_wait: true }, ['a', 'b', '404 No Messages']],
      [{ batch: 1, no_wait: true }, ['404 No Messages']],
      [{ batch: 1, expires: SECOND / 10 }, ['408 Request Timeout']],
    ];
    for (const [ask, expected] of asks) expect(texts(await api.pull(name, 'c', ask))).toEqual(expected);
  });

  test('sends heartbeats to a request that waits', async () => {
    await fill();
    await api.consumer(name, { durable_name: 'c' });
    const got = await api.pull(name, 'c', { batch: 1, expires: SECOND / 2, idle_heartbeat: SECOND / 10 });
    expect(texts(got).filter((one) => one === '100 Idle Heartbeat').length).toBeGreaterThanOrEqual(3);
    expect(texts(got).at(-1)).toBe('408 Request Timeout');
  });

  test('delivers all messages to the pinned client, until it is unpinned', async () => {
    await fill('a', 'b');
    await api.consumer(name, { durable_name: 'c', priority_policy: 'pinned_client', priority_groups: ['g'] });
    const ask = { batch: 1, group: 'g', expires: SECOND / 5 };
    const [first] = await api.pull(name, 'c', ask);
    const pin = first!.headers!.get('Nats-Pin-Id');
    const other = await api.pull(name, 'c', ask);
    const same = await api.pull(name, 'c', { ...ask, id: pin });
    expect(await api.ask(`CONSUMER.UNPIN.${name}.c`, { group: 'g' })).not.toHaveProperty('error');
    const afterwards = await api.pull(name, 'c', { ...ask, id: pin });
    expect([texts(other), texts(same)]).toEqual([['408 Request Timeout'], ['b']]);
    expect(['423 Nats-Wrong-Pin-Id', '408 Request Timeout']).toContain(texts(afterwards)[0]);
  });

  test('serves a request of the overflow only where enough waits', async () => {
    await fill('a', 'b');
    await api.consumer(name, { durable_name: 'c', priority_policy: 'overflow', priority_groups: ['g'] });
    const ask = { batch: 1, group: 'g', expires: SECOND / 10 };
    const refused = await api.pull(name, 'c', { ...ask, min_pending: 5 });
    const served = await api.pull(name, 'c', { ...ask, min_pending: 2 });
    expect([texts(refused), texts(served)]).toEqual([['408 Request Timeout'], ['a']]);
  });

  test('of a work queue takes a message out when it is acknowledged', async () => {
    await api.stream({ name, subjects: [`${name}.>`], retention: 'workqueue' });
    await api.publish(`${name}.a`, 'a');
    await api.publish(`${name}.b`, 'b');
    await api.consumer(name, { durable_name: 'c' });
    const [first, second] = await api.pull(name, 'c', { batch: 2, expires: SECOND });
    await api.connection.request(first!.reply!, '+ACK', { timeout: 500 });
    say(second, '+TERM');
    await until(async () => (await api.ask(`STREAM.INFO.${name}`)).state.messages === 0);
  });

  test('with interest keeps a message until every consumer that wants it is done', async () => {
    await api.stream({ name, subjects: [`${name}.>`], retention: 'interest' });
    const count = async (): Promise<number> => (await api.ask(`STREAM.INFO.${name}`)).state.messages;
    await api.publish(`${name}.a`, 'nobody wants it');
    await api.consumer(name, { durable_name: 'one' });
    await api.consumer(name, { durable_name: 'two' });
    await api.publish(`${name}.a`, 'a');
    const counts = [await count()];
    for (const durable of ['one', 'two']) {
      const [message] = await api.pull(name, durable, { batch: 1, expires: SECOND });
      await api.connection.request(message!.reply!, '+ACK', { timeout: 500 });
      counts.push(await count());
    }
    expect(counts).toEqual([1, 1, 0]);
  });

  test('pushes to its subject, with an answer to each question of flow control', async () => {
    await api.stream({ name, subjects: [`${name}.>`] });
    const body = 'x'.repeat(100_000);
    for (let i = 0; i < 30; i++) await api.publish(`${name}.a`, body);
    const inbox = `_INBOX.push.${name}`;
    let [messages, questions, beats] = [0, 0, 0];
    api.connection.subscribe(inbox, {
      callback: (_, message) => {
        const status = statusOf(message);
        if (status === undefined) messages++;
        else if (status.startsWith('100 Idle')) beats++;
        if (status === '100 FlowControl Request') questions++;
        if (status === '100 FlowControl Request') message.respond();
      },
    });
    await api.connection.flush();
    await api.consumer(name, {
      durable_name: 'c',
      deliver_subject: inbox,
      ack_policy: 'none',
      flow_control: true,
      idle_heartbeat: SECOND / 5,
    });
    await until(() => questions > 0 && beats > 0 && messages >= 30);
    expect(messages).toBe(30);
  });

  test('pushes from when somebody reads its subject', async () => {
    await fill('a');
    await api.consumer(name, { durable_name: 'c', deliver_subject: `_INBOX.late.${name}` });
    await sleep(50);
    const seen = new Promise<string>((resolve) =>
      api.connection.subscribe(`_INBOX.late.${name}`, { callback: (_, message) => resolve(text(message)) }),
    );
    expect(await seen).toBe('a');
  });

  test('is gone when nobody used it for as long as it says', async () => {
    await fill('a');
    await api.consumer(name, { durable_name: 'c', inactive_threshold: SECOND / 2 });
    let found = await info();
    for (let i = 0; i < 60 && !found.error; i++) {
      await sleep(50);
      found = await info();
    }
    expect(found.error?.err_code).toBe(10014);
  });

  test('says that it was deleted to those who wait', async () => {
    await fill();
    await api.consumer(name, { durable_name: 'c' });
    const pulling = api.pull(name, 'c', { batch: 1, expires: 5 * SECOND });
    await api.connection.flush();
    await api.ask(`CONSUMER.DELETE.${name}.c`);
    expect(texts(await pulling)).toEqual(['409 Consumer Deleted']);
  });
}, '2.11.0');
