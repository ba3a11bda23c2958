import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamOf, type TestJetStream } from '#test/jetstream';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';

const text = (data: Uint8Array): string => Buffer.from(data).toString();

onEachJetStream((server, client) => {
  let count = 0;
  let stream: string;
  let js: TestJetStream;

  beforeEach(async () => {
    stream = `S${count++}`;
    js = await jetstreamOf(await client.connect());
    await js.manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
  });

  afterEach(async () => {
    const connection = await client.connect();
    await (await jetstreamOf(connection)).manager.streams.delete(stream);
    await connection.close();
  });

  const publish = async (...bodies: string[]): Promise<void> => {
    for (const body of bodies) await js.client.publish(`${stream}.x`, body);
  };

  test('a published message is acknowledged with its sequence, and a message id twice with the first one', async () => {
    const first = await js.client.publish(`${stream}.a`, 'one', { msgID: 'id' });
    const other = await js.client.publish(`${stream}.b`, 'two');
    const again = await js.client.publish(`${stream}.a`, 'one', { msgID: 'id' });
    expect(first).toMatchObject({ stream, seq: 1, duplicate: false });
    expect(other).toMatchObject({ seq: 2, duplicate: false });
    expect(again).toMatchObject({ seq: 1, duplicate: true });
  });

  test('an expectation that does not hold refuses the message with the code that says which', async () => {
    await publish('one');
    const publishing = (expect: object): Promise<unknown> => js.client.publish(`${stream}.x`, 'no', { expect });
    await expect(publishing({ lastSequence: 7 })).rejects.toThrow('wrong last sequence: 1');
    await expect(publishing({ lastSubjectSequence: 0 })).rejects.toThrow('wrong last sequence: 1');
    await expect(publishing({ lastMsgID: 'x' })).rejects.toThrow(/wrong last msg id: /i);
    await expect(publishing({ streamName: 'OTHER' })).rejects.toThrow('expected stream does not match');
    await expect(publishing({ lastSequence: 1 })).resolves.toMatchObject({ seq: 2 });
  });

  test('a message is read by its sequence and as the last of its subject', async () => {
    await publish('one', 'two');
    const found = await js.manager.streams.getMessage(stream, { seq: 1 });
    const last = await js.manager.streams.getMessage(stream, { last_by_subj: `${stream}.x` });
    expect([text(found.data), text(last.data), last.seq]).toEqual(['one', 'two', 2]);
  });

  test('a pull consumer delivers each message once, with what is still to come', async () => {
    await publish('one', 'two', 'three');
    await js.manager.consumers.add(stream, { durable_name: 'c', ack_policy: 'explicit' as never });
    const consumer = await js.client.consumers.get(stream, 'c');
    const seen: [string, number, number][] = [];
    for await (const message of await consumer.fetch({ max_messages: 3, expires: 1_000 })) {
      seen.push([text(message.data), message.seq, message.info.pending]);
      await message.ackAck();
    }
    const { ack_floor, num_pending, num_ack_pending } = await js.manager.consumers.info(stream, 'c');
    expect(seen).toEqual([
      ['one', 1, 2],
      ['two', 2, 1],
      ['three', 3, 0],
    ]);
    expect([ack_floor.stream_seq, num_pending, num_ack_pending]).toEqual([3, 0, 0]);
  });

  test('a message that is refused comes again, after the delay, with a count; one that is terminated does not', async () => {
    await publish('one');
    await js.manager.consumers.add(stream, { durable_name: 'c', ack_policy: 'explicit' as never });
    const consumer = await js.client.consumers.get(stream, 'c');
    const before = Date.now();
    const first = await consumer.next({ expires: 1_000 });
    first!.nak(200);
    const second = await consumer.next({ expires: 2_000 });
    const waited = Date.now() - before;
    second!.nak();
    const third = await consumer.next({ expires: 1_000 });
    third!.term('enough');
    const info = () => js.manager.consumers.info(stream, 'c');
    await until(async () => (await info()).num_ack_pending === 0);
    const { num_ack_pending, num_pending } = await info();
    const counts = [first, second, third].map((message) => message!.info.deliveryCount);
    expect(counts).toEqual([1, 2, 3]);
    expect(waited).toBeGreaterThanOrEqual(190);
    expect([num_ack_pending, num_pending]).toEqual([0, 0]);
  });

  test('a message that nobody acknowledges comes again after the wait, which working holds off', async () => {
    await publish('one');
    const wait = 1500e6;
    await js.manager.consumers.add(stream, { durable_name: 'c', ack_policy: 'explicit' as never, ack_wait: wait });
    const consumer = await js.client.consumers.get(stream, 'c');
    const first = await consumer.next({ expires: 1_000 });
    const working = setInterval(() => first!.working(), 100);
    await sleep(2_000);
    const { num_redelivered } = await js.manager.consumers.info(stream, 'c');
    clearInterval(working);
    const again = await consumer.next({ expires: 20_000 });
    expect(num_redelivered).toBe(0);
    expect(again!.info.deliveryCount).toBe(2);
  });

  test('subjects that another stream has are refused', async () => {
    const adding = js.manager.streams.add({ name: 'OTHER', subjects: [`${stream}.*`] });
    await expect(adding).rejects.toThrow('subjects overlap with an existing stream');
  });
});
