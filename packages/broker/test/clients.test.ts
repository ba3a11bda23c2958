import { Broker, type BrokerOptions } from '@natsmith/broker';
import { type Client, clientLibraries, type ConnectOptions, type Message } from './clients';

const text = (message: Message): string => Buffer.from(message.data).toString();
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

describe.each(clientLibraries)('with $name', ({ connect, headers }) => {
  const clients: Client[] = [];
  const brokers: Broker[] = [];

  const start = async (options: BrokerOptions = {}): Promise<Broker> => {
    const broker = await Broker.start(options);
    brokers.push(broker);
    return broker;
  };
  const join = async (broker: Broker, options: Partial<ConnectOptions> = {}): Promise<Client> => {
    const client = await connect({ servers: broker.url, reconnect: false, ...options });
    clients.push(client);
    return client;
  };

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await Promise.all(brokers.splice(0).map((broker) => broker.stop()));
  });

  test('a message reaches every subscriber, wildcards included, with its headers', async () => {
    const broker = await start();
    const [a, b] = [await join(broker), await join(broker)];
    const received: string[] = [];
    const note = (name: string) => (_: Error | null, message: Message) => {
      received.push(`${name} ${message.subject} ${text(message)} ${message.headers?.values('K').join() ?? ''}`);
    };
    a.subscribe('x.y', { callback: note('literal') });
    a.subscribe('x.*', { callback: note('star') });
    b.subscribe('>', { callback: note('rest') });
    await Promise.all([a.flush(), b.flush()]);

    const given = headers();
    given.append('K', 'v');
    given.append('K', 'ü');
    b.publish('x.y', bytes('hello'), { headers: given });
    await b.flush();
    await a.flush();

    const expected = ['literal x.y hello v,ü', 'rest x.y hello v,ü', 'star x.y hello v,ü'];
    expect(received.sort()).toEqual(expected);
  });

  test('a verbose and pedantic client works the same', async () => {
    const client = await join(await start(), { verbose: true, pedantic: true });
    client.subscribe('echo', { callback: (_, message) => void message.respond(message.data) });
    expect(text(await client.request('echo', bytes('hi')))).toBe('hi');
  });

  test('a client without echo does not get its own messages', async () => {
    const broker = await start();
    const [a, b] = [await join(broker, { noEcho: true }), await join(broker)];
    const received: string[] = [];
    a.subscribe('x', { callback: (_, message) => void received.push(text(message)) });
    await a.flush();
    a.publish('x', bytes('own'));
    b.publish('x', bytes('other'));
    await Promise.all([a.flush(), b.flush()]);
    await a.flush();
    expect(received).toEqual(['other']);
  });

  test('large payloads pass whole', async () => {
    const broker = await start();
    const [a, b] = [await join(broker), await join(broker)];
    a.subscribe('echo', { callback: (_, message) => void message.respond(message.data) });
    await a.flush();
    for (const size of [0, 1, 16_383, 16_384, 65_536, 1_000_000]) {
      const data = Buffer.alloc(size, `${size} `);
      expect(Buffer.compare((await b.request('echo', data, { timeout: 2000 })).data, data)).toBe(0);
    }
  });

  test('members of a queue group share the messages', async () => {
    const broker = await start();
    const counts = [0, 0, 0];
    for (const i of counts.keys()) {
      const member = await join(broker);
      member.subscribe('work', { queue: 'q', callback: () => void counts[i]!++ });
      await member.flush();
    }
    const publisher = await join(broker);
    for (let i = 0; i < 900; i++) publisher.publish('work');
    await publisher.flush();
    await Promise.all(clients.map((client) => client.flush()));
    expect(counts.reduce((sum, count) => sum + count)).toBe(900);
    // 300 each on average, with a standard deviation of 14.
    for (const count of counts) expect(count).toBeGreaterThan(200);
  });

  test('a request without responders fails at once', async () => {
    const client = await join(await start());
    // By its timeout it would fail only after the test.
    await expect(client.request('nobody', undefined, { timeout: 600_000 })).rejects.toThrow(/503|no responders/i);
  });

  test('a subscription with a maximum ends after it', async () => {
    const client = await join(await start());
    const subscription = client.subscribe('x', { max: 2 });
    for (const value of ['1', '2', '3']) client.publish('x', bytes(value));
    const received: string[] = [];
    for await (const message of subscription) received.push(text(message));
    expect(received).toEqual(['1', '2']);
  });

  test('drain hands over what is on its way, and leaves', async () => {
    const broker = await start();
    const [a, b] = [await join(broker), await join(broker)];
    let received = 0;
    a.subscribe('x', { callback: () => void received++ });
    await a.flush();
    for (let i = 0; i < 1000; i++) b.publish('x');
    await b.flush();
    await a.drain();
    expect(received).toBe(1000);
    await expect(b.request('x', undefined, { timeout: 1000 })).rejects.toThrow(/503|no responders/i);
  });

  test('a client finds the broker again after a stop and a start on the same port', async () => {
    const first = await start();
    const client = await join(first, { reconnect: true, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
    client.subscribe('echo', { callback: (_, message) => void message.respond(message.data) });
    await client.flush();
    const events: string[] = [];
    const isBack = (async () => {
      for await (const { type } of client.status()) {
        events.push(type);
        if (type === 'reconnect') return;
      }
    })();

    await first.stop();
    const second = await start({ port: first.port });
    await isBack;

    expect(events).toContain('disconnect');
    expect(second.connections).toBe(1);
    expect(text(await client.request('echo', bytes('still there')))).toBe('still there');
  });

  test('wrong credentials are refused, right ones are taken', async () => {
    const users = await start({ user: 'a', pass: 'b' });
    const token = await start({ token: 't' });
    const refused = /authorization violation/i;
    await expect(join(users)).rejects.toThrow(refused);
    await expect(join(users, { user: 'a', pass: 'x' })).rejects.toThrow(refused);
    await expect(join(users, { user: '__proto__', pass: 'b' })).rejects.toThrow(refused);
    await expect(join(token, { token: 'x' })).rejects.toThrow(refused);
    await (await join(users, { user: 'a', pass: 'b' })).flush();
    await (await join(token, { token: 't' })).flush();
  });

  test('what a user may not do is reported, and the connection goes on', async () => {
    const permissions = { publish: { allow: ['open', '_INBOX.>'] }, subscribe: { deny: ['closed'] } };
    const broker = await start({ users: [{ user: 'a', pass: 'b', permissions }] });
    const client = await join(broker, { user: 'a', pass: 'b' });
    const error = await new Promise<Error | null>((resolve) => client.subscribe('closed', { callback: resolve }));
    expect(error?.message).toMatch(/permissions violation for subscription to "closed"/i);
    client.publish('closed');
    client.subscribe('open', { callback: (_, message) => void message.respond() });
    await client.request('open', undefined, { timeout: 1000 });
  });

  test('a payload over max_payload ends the connection at the broker, and the client refuses it before', async () => {
    const broker = await start({ maxPayload: 100 });
    const client = await join(broker);
    expect(() => client.publish('x', new Uint8Array(101))).toThrow(/max_?payload|payload max_payload size exceeded/i);
    await client.flush();
    expect(broker.connections).toBe(1);
  });

  test('a client that asks for TLS gets an error that says there is none', async () => {
    await expect(join(await start(), { tls: {} })).rejects.toThrow(/secure|tls/i);
  });

  test('the stop of the broker closes a client that does not reconnect', async () => {
    const broker = await start();
    const client = await join(broker);
    await broker.stop();
    await client.closed();
    expect(client.isClosed()).toBe(true);
    expect(broker.connections).toBe(0);
  });
});
