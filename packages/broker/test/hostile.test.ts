import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { Broker } from '@natsmith/broker';
import { RawClient } from './raw-client';
import { until } from '#test/until';

const HELLO = 'CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n';

/** Two clients that talk through the broker, and notice every message that is lost, doubled or altered. */
class Neighbours {
  private constructor(
    private readonly sender: RawClient,
    private readonly receiver: RawClient,
  ) {}

  static async join(broker: Broker): Promise<Neighbours> {
    const [sender, receiver] = [await RawClient.open(broker.port), await RawClient.open(broker.port)];
    sender.send(HELLO);
    receiver.send(`${HELLO}SUB neighbours 1\r\n`);
    await receiver.settle();
    return new Neighbours(sender, receiver);
  }

  async talk(): Promise<void> {
    const before = this.receiver.received;
    for (let i = 0; i < 100; i++) this.sender.send(`PUB neighbours 3\r\n${100 + i}\r\n`);
    await this.sender.settle();
    await this.receiver.settle();
    const expected = Array.from({ length: 100 }, (_, i) => `MSG neighbours 1 3\r\n${100 + i}\r\n`).join('');
    expect(this.receiver.received).toBe(before + expected);
  }

  async leave(): Promise<void> {
    await this.sender.close();
    await this.receiver.close();
  }
}

describe('a broker with hostile clients', () => {
  let broker: Broker;
  let neighbours: Neighbours;

  beforeEach(async () => {
    broker = await Broker.start({ maxPending: 2 * 1024 * 1024 });
    neighbours = await Neighbours.join(broker);
  });

  afterEach(async () => {
    await neighbours.talk();
    await neighbours.leave();
    await broker.stop();
  });

  test('survives random bytes on many connections', async () => {
    const verbs = ['', HELLO, 'PUB ', 'SUB ', 'HPUB ', 'UNSUB ', `${HELLO}PUB x 100\r\n`, `${HELLO}SUB `];
    const attacks = Array.from({ length: 200 }, async (_, i) => {
      const client = await RawClient.open(broker.port);
      client.send(Buffer.concat([Buffer.from(verbs[i % verbs.length] ?? ''), randomBytes(2000)]));
      client.socket.end();
      await client.until(() => client.closed);
    });
    await Promise.all([...attacks, neighbours.talk()]);
    expect(broker.connections).toBe(2);
  });

  test('survives well-formed conversations with random damage', async () => {
    const whole = Buffer.from(
      `${HELLO}SUB a.* q 1\r\nPUB a.b r 5\r\nhello\r\nHPUB a.b 12 14\r\nNATS/1.0\r\n\r\nhi\r\nUNSUB 1 9\r\n`,
    );
    const attacks = Array.from({ length: 200 }, async (_, i) => {
      const client = await RawClient.open(broker.port);
      const damaged = Buffer.from(whole);
      damaged[(i * 7) % whole.length] = randomBytes(1)[0] ?? 0;
      client.send(damaged);
      client.socket.end();
      await client.until(() => client.closed);
    });
    await Promise.all([...attacks, neighbours.talk()]);
    expect(broker.connections).toBe(2);
  });

  test('survives connections that are reset', async () => {
    for (let i = 0; i < 50; i++) {
      const client = await RawClient.open(broker.port);
      client.send(`${HELLO}SUB > 1\r\nPUB x 1000\r\nabc`);
      client.socket.resetAndDestroy();
    }
    await neighbours.talk();
    await until(() => broker.connections === 2);
  });

  test('keeps no memory for payloads that are announced and never come', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(broker.port)));
    for (const client of clients) client.send(`${HELLO}PUB x 1000000\r\nabc`);
    await neighbours.talk();
    expect(broker.connections).toBe(102);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    await Promise.all(clients.map((client) => client.close()));
  });

  test('takes a large payload in very small pieces in linear time', async () => {
    const client = await RawClient.open(broker.port);
    client.send(`${HELLO}SUB x 1\r\nPUB x 1000000\r\n`);
    for (let i = 0; i < 1000; i++) {
      client.send(Buffer.alloc(1000, 'x'));
      if (i % 20 === 0) await new Promise(setImmediate);
    }
    client.send('\r\n');
    await client.settle();
    expect(client.received.length).toBe('MSG x 1 1000000\r\n'.length + 1_000_002);
    await client.close();
  });

  test('disconnects a client that sends requests and never reads', async () => {
    const socket = connect(broker.port, '127.0.0.1');
    socket.on('error', () => undefined).pause();
    const flood = 'PING\r\n'.repeat(10_000);
    const pump = setInterval(() => socket.write(flood), 1);
    await until(() => broker.connections === 3);
    await neighbours.talk();
    await until(() => broker.connections === 2);
    clearInterval(pump);
    socket.destroy();
  });

  test('cuts off a slow consumer, and nobody else', async () => {
    const [slow, quick, producer] = [
      await RawClient.open(broker.port),
      await RawClient.open(broker.port),
      await RawClient.open(broker.port),
    ];
    for (const client of [slow, quick]) {
      client.send(`${HELLO}SUB x 1\r\n`);
      await client.settle();
    }
    slow.socket.pause();
    producer.send(HELLO);
    let sent = 0;
    for (; broker.connections === 5; sent++) {
      producer.send(`PUB x 50000\r\n${'x'.repeat(50_000)}\r\n`);
      await producer.settle();
      await quick.settle();
    }
    expect(quick.received.length).toBe(sent * ('MSG x 1 50000\r\n'.length + 50_002));
    slow.socket.resume();
    await slow.until(() => slow.closed);
    await quick.close();
    await producer.close();
  });

  test('takes subscriptions that reach deep and wide', async () => {
    const client = await RawClient.open(broker.port);
    const deep = Array.from({ length: 1500 }, () => '*').join('.');
    client.send(`${HELLO}SUB ${deep} 1\r\nPUB ${deep} 0\r\n\r\n`);
    for (let i = 0; i < 5000; i++) client.send(`SUB a.${i}.> ${i + 2}\r\n`);
    await client.settle();
    expect(client.received).toBe(`MSG ${deep} 1 0\r\n\r\n`);
    await client.close();
  });
});
