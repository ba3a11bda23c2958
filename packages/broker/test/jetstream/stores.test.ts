import { jetstreamOf, type TestJetStream } from '#test/jetstream';
import { onEachJetStream } from '#test/matrix';

onEachJetStream((server, client) => {
  let count = 0;
  let js: TestJetStream;

  beforeEach(async () => {
    js = await jetstreamOf(await client.connect());
  });

  const bucket = (options: object = {}) => js.bucket(`bucket${count++}`, { history: 5, ...options });

  test('a bucket keeps values, revisions and the history of its keys', async () => {
    const values = await bucket();
    const first = await values.put('a', 'one');
    await values.put('a', 'two');
    await values.create('b', 'three');
    const history: string[] = [];
    for await (const entry of await values.history({ key: 'a' })) history.push(entry.string());
    const keys: string[] = [];
    for await (const key of await values.keys()) keys.push(key);
    expect([history, keys.sort(), (await values.get('a'))!.string(), first]).toEqual([
      ['one', 'two'],
      ['a', 'b'],
      'two',
      1,
    ]);
  });

  test('an update of a bucket fails where somebody else was first', async () => {
    const values = await bucket();
    const revision = await values.create('a', 'one');
    await values.update('a', 'two', revision);
    await expect(values.update('a', 'three', revision)).rejects.toThrow('wrong last sequence: 2');
    await expect(values.create('a', 'four')).rejects.toThrow('wrong last sequence: 2');
  });

  test('a watch of a bucket has what is there, then every change, deletions too', async () => {
    const values = await bucket();
    await values.put('a', 'one');
    await values.delete('a');
    await values.put('b', 'two');
    const watch = await values.watch();
    const seen: string[] = [];
    for await (const { key, operation, value } of watch) {
      seen.push(`${operation} ${key} ${Buffer.from(value).toString()}`);
      // One after the other was seen: what is purged before its delivery is never delivered.
      if (seen.length === 2) await values.put('c', 'three');
      if (seen.length === 3) await values.purge('c');
      if (seen.length === 4) break;
    }
    expect(seen).toEqual(['DEL a ', 'PUT b two', 'PUT c three', 'PURGE c ']);
  });

  test('a bucket purges a key, reports its status, and is destroyed', async () => {
    const values = await bucket();
    await values.put('a', 'one');
    await values.put('a', 'two');
    await values.purge('a');
    const { values: kept, history } = await values.status();
    expect([kept, history, (await values.get('a'))?.operation]).toEqual([1, 5, 'PURGE']);
    expect(await values.destroy()).toBe(true);
  });

  test('an object store returns what was put into it, whatever its size', async () => {
    const objects = await js.objects(`objects${count++}`);
    for (const size of [0, 1, 200_000]) {
      const content = Buffer.alloc(size, 'content ');
      await objects.putBlob({ name: `of ${size}` }, content);
      expect(Buffer.compare(Buffer.from((await objects.getBlob(`of ${size}`))!), content)).toBe(0);
    }
    await objects.delete('of 1');
    expect((await objects.list()).map(({ name }) => name).sort()).toEqual(['of 0', 'of 200000']);
    expect(await objects.destroy()).toBe(true);
  });

  test('an ordered consumer begins again where it was when its consumer is gone', async () => {
    const name = `ORDERED${count++}`;
    await js.manager.streams.add({ name, subjects: [`${name}.>`] });
    for (const n of [1, 2, 3, 4]) await js.client.publish(`${name}.x`, String(n));
    const consumer = await js.client.consumers.get(name);
    const seen: number[] = [];
    for await (const message of await consumer.consume({ max_messages: 2 })) {
      seen.push(message.seq);
      if (seen.length === 4) break;
    }
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});
