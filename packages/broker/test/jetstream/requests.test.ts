import { startServer, type TestServer } from '@natsmith/testing';
import { connect, headers as createHeaders, type NatsConnection } from 'nats';
import { describeWithNatsServer, natsServerIsOlderThan } from '#test/matrix';
import { conversations } from './requests';

// What tells the time, the machine or the version is another with each server.
const OWN = new Set(['created', 'ts', 'time', 'first_ts', 'last_ts', 'last_active', 'cluster', 'pause_remaining']);
const OWN_METADATA = new Set(['_nats.ver', '_nats.level']);
const REQUEST_TIMEOUT = 700;

async function say(connection: NatsConnection, line: string): Promise<unknown> {
  const [, subject = '', list, body = ''] = /^(\S+)(?: \[(.*?)\])? ?(.*)$/.exec(line) ?? [];
  const headers = createHeaders();
  for (const pair of list?.split('|') ?? []) headers.append(...(pair.split(/=(.*)/).slice(0, 2) as [string, string]));
  try {
    const reply = await connection.request(subject, body, { headers, timeout: REQUEST_TIMEOUT });
    return { headers: statusOf(reply.headers), body: comparable(read(reply.string())) };
  } catch (error) {
    return (error as Error).message;
  }
}

function statusOf(headers: ReturnType<typeof createHeaders> | undefined): unknown {
  if (!headers) return undefined;
  const own = headers.keys().filter((name) => name !== 'Nats-Time-Stamp');
  return [headers.code, headers.description, ...own.map((name) => `${name}: ${headers.values(name).join()}`)];
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !OWN.has(name) && !OWN_METADATA.has(name));
  return Object.fromEntries(entries.map(([name, one]) => [name, comparable(withoutWords(name, one, value))]));
}

/** Names that a server makes up, and what each parser of JSON says in words of its own. */
function withoutWords(name: string, value: unknown, around: object): unknown {
  if (name === 'name' && /^[A-Za-z0-9]{8}$/.test(String(value))) return 'made up';
  const { err_code: code } = around as { err_code?: number };
  return name === 'description' && (code === 10025 || code === 10095) ? 'of its own' : value;
}

describeWithNatsServer('a request to JetStream', () => {
  const servers: TestServer[] = [];
  const connections: NatsConnection[] = [];

  beforeAll(async () => {
    for (const kind of ['nats-server', 'broker'] as const) {
      const server = await startServer(kind, { jetstream: true });
      servers.push(server);
      connections.push(await connect({ servers: server.url }));
    }
  });

  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await Promise.all(servers.map((server) => server.stop()));
  });

  // Older servers have no schedules, no reset, and other words here and there.
  const testOnNewest = natsServerIsOlderThan('2.15.0') ? test.skip.each : test.each;
  testOnNewest(Object.entries(conversations))(
    'is answered by the broker as by nats-server: %s',
    async (_, lines) => {
      for (const line of lines) {
        const [expected, given] = await Promise.all(connections.map((connection) => say(connection, line)));
        expect({ line, answer: given }).toEqual({ line, answer: expected });
      }
    },
    60_000,
  );
});
