import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { ServiceClient } from '@natsmith/client';
import { Endpoint, Service, stream, type RequestContext } from '@natsmith/core';
import { NatsServer } from '@natsmith/testing';
import { connect } from 'nats';
import { describeWithNatsServer } from '#test/matrix';
import { useHosts } from '#test/hosts';

const SUBJECTS = ['count', 'silent', 'large', 'sum', 'shelf', '$SRV.>'];
let ended = 0;

@Service({ name: 'exported', version: '1.0.0' })
class Exported {
  @Endpoint({ request: Number }) async *count(to: number): AsyncGenerator<number> {
    try {
      for (let n = 1; n <= to; n++) yield n;
    } finally {
      ended++;
    }
  }
  @Endpoint() async *silent(_: undefined, { signal }: RequestContext): AsyncGenerator<number> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    ended++;
    if (!signal.aborted) yield 0;
  }
  @Endpoint() large(): Uint8Array {
    return Buffer.alloc(3 * 1024 * 1024);
  }
  @Endpoint({ request: stream('unchecked') }) async sum(items: AsyncIterable<number>): Promise<number> {
    let sum = 0;
    for await (const item of items) sum += item;
    return sum;
  }
}

@Service({ name: 'shelves', version: '1.0.0', queueGroup: false })
class Shelves {
  @Endpoint() shelf(): string {
    return 'full';
  }
}

describeWithNatsServer('a service that another account exports, with the response type stream', () => {
  const { start } = useHosts();
  let server: NatsServer;
  let client: ServiceClient;

  beforeAll(async () => {
    server = await startWithAccounts({ response_type: 'stream' });
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    ended = 0;
    await start(Exported, { connection: { servers: server.url, user: 'shop', pass: 'shop' } });
    client = new ServiceClient(await connect({ servers: server.url, user: 'office', pass: 'office' }));
  });
  afterEach(async () => {
    await client.close();
    await client.connection.close();
  });

  test('sends streams, at the pace of their reader', async () => {
    let last = 0;
    for await (const n of client.stream<number>('count', 5000)) expect(n).toBe(++last);
    expect(last).toBe(5000);
  });

  test('hears that a reader leaves', async () => {
    for await (const _ of client.stream('count', 1_000_000_000)) break;
    while (ended === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test('sends replies in chunks', async () => {
    expect(await client.call('large', undefined, { as: 'bytes' })).toHaveLength(3 * 1024 * 1024);
  });

  test('gathers the answers of all instances', async () => {
    for (let i = 0; i < 3; i++)
      await start(Shelves, { connection: { servers: server.url, user: 'shop', pass: 'shop' } });
    const replies = await client.gather({ service: 'shelves', endpoint: 'shelf' });
    expect(replies).toHaveLength(3);
    expect(replies.problems).toEqual([]);
  });

  test('refuses uploads at once, and says why', async () => {
    const { sum } = await client.service<Exported>('exported');
    const items = async function* (): AsyncGenerator<number> {
      yield 1;
    };
    await expect(sum(items())).rejects.toThrow('400: uploads and bodies in chunks do not reach a service in another');
  });
});

describeWithNatsServer('a service that another account exports for one reply to each request', () => {
  const { start } = useHosts();
  let server: NatsServer;
  let client: ServiceClient;

  beforeAll(async () => {
    server = await startWithAccounts({});
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    ended = 0;
    await start(Exported, { connection: { servers: server.url, user: 'shop', pass: 'shop' } });
    client = new ServiceClient(await connect({ servers: server.url, user: 'office', pass: 'office' }));
  });
  afterEach(async () => {
    await client.close();
    await client.connection.close();
  });

  const cause = /account, which exports it for one reply .* "response_type: stream"/;

  test.each([
    ['a stream', 'count', {}],
    ['a stream without heartbeats', 'count', { heartbeat: 0 }],
    ['a stream that has no item yet', 'silent', {}],
  ])('%s says what the export needs, and ends for its producer, too', async (_, subject, options) => {
    const items = client.stream<number>(subject, 1_000_000_000, options);
    const read = async (): Promise<void> => {
      for await (const _ of items);
    };
    await expect(read()).rejects.toThrow(cause);
    while (ended === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test('a reply in chunks says it as well', async () => {
    await expect(client.call('large', undefined, { as: 'bytes' })).rejects.toThrow(cause);
  });

  test('a service is found, and a reply in one message arrives', async () => {
    expect(await client.info('exported')).toHaveLength(1);
    expect(await client.call('sum', 7)).toBe(7);
  });
});

describeWithNatsServer(
  'a service of several instances that another account exports for one reply, discovery for all',
  () => {
    const { start } = useHosts();

    test('gather names the instances whose answers were lost, and says what the export needs', async () => {
      await using server = await startWithAccounts({}, { response_type: 'stream' });
      const shop = await connect({ servers: server.url, user: 'shop', pass: 'shop' });
      const office = await connect({ servers: server.url, user: 'office', pass: 'office' });
      await using client = new ServiceClient(office);
      for (let i = 0; i < 3; i++) await start(Shelves, { connection: shop });
      const ids = (await client.ping('shelves')).map(({ id }) => id);
      expect(ids).toHaveLength(3);
      const replies = await client.gather({ service: 'shelves', endpoint: 'shelf' });
      expect(replies).toMatchObject([{ ok: true, value: 'full' }]);
      const heardOf = [...replies.map(({ instance }) => instance), ...replies.problems.map(({ from }) => from?.id)];
      expect(heardOf.sort()).toEqual(ids.sort());
      for (const { reason } of replies.problems)
        expect(reason).toMatch(/runs and did not answer "shelf"; .* "response_type: stream"$/);
      await Promise.all([office.close(), shop.close()]);
    });
  },
);

describeWithNatsServer('a service on the other side of a leaf node', () => {
  const { start } = useHosts();
  let hub: NatsServer;
  let leaf: NatsServer;
  let client: ServiceClient;

  beforeAll(async () => {
    const port = await freePort();
    hub = await NatsServer.start({ config: `leafnodes: { listen: "127.0.0.1:${port}" }` });
    leaf = await NatsServer.start({ config: `leafnodes: { remotes: [{ url: "nats-leaf://127.0.0.1:${port}" }] }` });
    while (!/Leafnode connection created/.test(leaf.output)) await new Promise((resolve) => setTimeout(resolve, 10));
  });
  afterAll(() => Promise.all([leaf.stop(), hub.stop()]));

  beforeEach(async () => {
    await start(Exported, { connection: { servers: hub.url } });
    client = new ServiceClient(await connect({ servers: leaf.url }));
    // The leaf node hears of new subscriptions after the hub has answered for them.
    while ((await client.ping('exported')).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });
  afterEach(async () => {
    await client.close();
    await client.connection.close();
  });

  test('sends streams, large replies, and takes uploads', async () => {
    let last = 0;
    for await (const n of client.stream<number>('count', 5000)) expect(n).toBe(++last);
    expect(last).toBe(5000);
    expect(await client.call('large', undefined, { as: 'bytes' })).toHaveLength(3 * 1024 * 1024);
    const { sum } = await client.service<Exported>('exported');
    const items = async function* (): AsyncGenerator<number> {
      for (let n = 1; n <= 100; n++) yield n;
    };
    expect(await sum(items())).toBe(5050);
  });
});

interface Responses {
  response_type?: 'stream';
}

/** A server with the account SHOP, whose services OFFICE imports. */
function startWithAccounts(responses: Responses, ofDiscovery = responses): Promise<NatsServer> {
  const exports = SUBJECTS.map((service) => ({ service, ...(service.startsWith('$SRV') ? ofDiscovery : responses) }));
  const imports = SUBJECTS.map((subject) => ({ service: { account: 'SHOP', subject } }));
  const accounts = {
    SHOP: { users: [{ user: 'shop', password: 'shop' }], exports },
    OFFICE: { users: [{ user: 'office', password: 'office' }], imports },
  };
  return NatsServer.start({ config: `accounts: ${JSON.stringify(accounts)}` });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
