import { Broker, type BrokerOptions } from '@natsmith/broker';
import { connecting } from './conversations/connecting';
import type { Conversation } from './conversations/conversation';
import { malformed } from './conversations/malformed';
import { permissions } from './conversations/permissions';
import { publishing } from './conversations/publishing';
import { subscribing } from './conversations/subscribing';
import { natsServerIsOlderThan } from '#test/matrix';
import { natsServer, RealServer } from './nats-server';
import { RawClient } from './raw-client';

type Server = Pick<RealServer, 'port' | 'stop'>;

const conversations = { connecting, publishing, subscribing, permissions, malformed };
const isMissing = natsServer === undefined && process.env.CI !== 'true';
if (isMissing) console.warn('nats-server is not compared with: set NATS_SERVER, or put it on the PATH');

describe.each([
  ['the broker', (options: BrokerOptions): Promise<Server> => Broker.start(options), true],
  ['nats-server', (options: BrokerOptions): Promise<Server> => RealServer.start(options), !isMissing],
])('%s', (kind, start, isThere) => {
  const servers = new Map<BrokerOptions | undefined, Promise<Server>>();
  const serverFor = (options: BrokerOptions | undefined): Promise<Server> => {
    const server = servers.get(options) ?? start(options ?? {});
    servers.set(options, server);
    return server;
  };

  afterAll(async () => {
    for (const server of servers.values()) await (await server).stop();
  });

  const describeIfThere = isThere ? describe.each : describe.skip.each;
  describeIfThere(Object.entries(conversations))('%s', (_, list) => {
    const compared = list.filter(({ since }) => kind === 'the broker' || !natsServerIsOlderThan(since));
    test.each(compared)('$name', async ({ says, gets, server }) => {
      const { port } = await serverFor(server);
      const answers = typeof gets === 'string' ? { a: gets } : gets;
      expect(await converse(port, typeof says === 'string' ? [['a', says]] : says)).toEqual(answers);
    });
  });

  (isThere ? test : test.skip)('INFO has what clients need', async () => {
    const { port } = await serverFor({ token: 't0k', maxPayload: 16 });
    const client = await RawClient.open(port);
    const known = { proto: 1, headers: true, auth_required: true, max_payload: 16, host: '127.0.0.1', port };
    expect(client.info).toMatchObject({ ...known, client_ip: '127.0.0.1', client_id: expect.any(Number) as number });
    expect(client.info).not.toHaveProperty('connect_urls');
    expect('jetstream' in client.info).toBe(kind === 'the broker');
    await client.close();
  });

  (isThere ? test : test.skip)('closes a client that does not authenticate in time', async () => {
    const { port } = await serverFor({ token: 't0k', authTimeout: 300 });
    const client = await RawClient.open(port);
    await client.until(() => client.closed);
    expect(client.received).toBe("-ERR 'Authentication Timeout'\r\n");
  });

  (isThere ? test : test.skip)('answers a client that has closed its side', async () => {
    const { port } = await serverFor(undefined);
    const client = await RawClient.open(port);
    client.socket.end('CONNECT {"verbose":false}\r\nSUB x 1\r\nPUB x 2\r\nhi\r\n');
    await client.until(() => client.closed);
    expect(client.received).toBe('MSG x 1 2\r\nhi\r\n');
  });

  (isThere ? test : test.skip)(
    'gives a message to one member of a group, whatever its members subscribe to',
    async () => {
      const { port } = await serverFor(undefined);
      const client = await RawClient.open(port);
      client.send('CONNECT {"verbose":false}\r\nSUB x.* q 1\r\nSUB x.y q 2\r\nSUB > other 3\r\n');
      client.send('PUB x.y 0\r\n\r\n'.repeat(200));
      await client.settle();
      const counts = ['1', '2', '3'].map((sid) => client.received.split(`MSG x.y ${sid} `).length - 1);
      expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(200);
      expect(Math.min(counts[0] ?? 0, counts[1] ?? 0)).toBeGreaterThan(50);
      expect(counts[2]).toBe(200);
      await client.close();
    },
  );
});

async function converse(
  port: number,
  says: Exclude<Conversation['says'], string>,
): Promise<Readonly<Record<string, string>>> {
  const clients = new Map<string, RawClient>();
  for (const [name, bytes] of says) {
    const client = clients.get(name) ?? (await RawClient.open(port));
    clients.set(name, client);
    client.send(bytes);
    await client.settle();
  }
  const answers: Record<string, string> = {};
  for (const [name, client] of clients) {
    await client.settle();
    answers[name] = client.received + (client.closed ? '(closed)' : '');
  }
  for (const client of clients.values()) await client.close();
  return answers;
}
