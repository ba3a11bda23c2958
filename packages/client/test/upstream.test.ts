import { PermissionError, ServiceClient, ServiceError, TimeoutError } from '@natsmith/client';
import { Endpoint, Service, Use, type Middleware, type RequestContext } from '@natsmith/core';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, type Message } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';

const CODE = 'Nats-Service-Error-Code';
const DESCRIPTION = 'Nats-Service-Error';

let client: ServiceClient<Connection>;
let seen: unknown;

/** The service that others stand upon. */
@Service({ name: 'vault', version: '1.0.0' })
class Vault {
  @Endpoint()
  refuses(): never {
    throw new ServiceError(403, 'the key is hunter2', {
      data: { key: 'hunter2' },
      headers: { 'X-Key': 'hunter2', 'Natsmith-Seq': '7', 'Nats-Rollup': 'all' },
    });
  }

  @Endpoint()
  plain(): number {
    return 1;
  }

  @Endpoint()
  async *breaks(): AsyncGenerator<number> {
    yield 1;
    throw new ServiceError(403, 'the key is hunter2', { data: { key: 'hunter2' } });
  }

  @Endpoint({ timeout: 50 })
  async slow(): Promise<void> {
    await delay(300);
  }

  @Endpoint()
  async silent(): Promise<void> {
    await delay(300);
  }
}

const watches: Middleware = async (_, next) => {
  try {
    return await next();
  } catch (error) {
    seen = error;
    throw error;
  }
};

const calls: Middleware = () => client.call('refuses');

@Service({ name: 'shop', version: '1.0.0' })
class Shop {
  @Endpoint() @Use(watches) async letsThrough(): Promise<unknown> {
    return client.call('refuses');
  }

  @Endpoint() @Use(calls) middlewareCalls(): void {}

  @Endpoint() async forwards(): Promise<unknown> {
    try {
      return await client.call('refuses');
    } catch (error) {
      throw ServiceError.forward(error);
    }
  }

  @Endpoint() async translates(): Promise<unknown> {
    return client.call('refuses').catch((cause: unknown) => {
      throw new ServiceError(409, 'no key', { cause });
    });
  }

  @Endpoint() async *streams(): AsyncGenerator<unknown> {
    yield* client.stream('breaks');
  }

  @Endpoint() async *streamsNone(): AsyncGenerator<unknown> {
    yield* client.stream('plain');
  }

  @Endpoint() async collects(): Promise<unknown> {
    const items: unknown[] = [];
    for await (const item of client.stream('plain')) items.push(item);
    return items;
  }

  @Endpoint() async findsGarbage(): Promise<unknown> {
    return client.service('garbage');
  }

  @Endpoint() async forbidden(): Promise<unknown> {
    throw new PermissionError('publish', 'vault.secret');
  }

  @Endpoint() async nobody(): Promise<unknown> {
    return client.call('nobody.is.here');
  }

  @Endpoint() async noService(): Promise<unknown> {
    return client.service('absent');
  }

  @Endpoint() async waits(): Promise<unknown> {
    return client.call('silent', undefined, { timeout: 30 });
  }

  @Endpoint() async timesOut(): Promise<unknown> {
    return client.call('slow');
  }

  @Endpoint({ timeout: 60 }) async carriesOn(_: undefined, ctx: RequestContext): Promise<unknown> {
    return client.with(ctx).call('silent');
  }
}

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();
  let caller: Connection;
  let log: Log;
  const ask = (endpoint: string): Promise<Message> => caller.request(endpoint, '', { timeout: 2000 });
  const inner = (): string => JSON.stringify(log.lines);

  beforeEach(async () => {
    caller = await library.connect();
    client = new ServiceClient(await library.connect(), { discovery: { timeout: 200, stall: 50 } });
    log = new Log();
    await start(Vault, { connection: await library.connect() });
    await start(Shop, { connection: await library.connect(), logger: log });
  });
  afterEach(() => client.close());

  function expectUpstream(reply: Message): void {
    expect([reply.headers?.get(CODE), reply.headers?.get(DESCRIPTION), reply.string()]).toEqual([
      '502',
      'upstream error',
      '',
    ]);
    expect(reply.headers?.keys().sort()).toEqual([DESCRIPTION, CODE].sort());
  }

  describe('an error of another service that a handler lets through', () => {
    it('reaches its caller as 502 with nothing inside, and the log in full', async () => {
      expectUpstream(await ask('letsThrough'));
      expect(log.find('error', /upstream error/)).toHaveLength(1);
      expect(log.find('error', /upstream error/)[0]?.err).toMatchObject({
        code: 403,
        description: 'the key is hunter2',
        data: { key: 'hunter2' },
      });
    });

    it('is seen by middleware as it was received', async () => {
      await ask('letsThrough');
      expect(seen).toMatchObject({ code: 403, data: { key: 'hunter2' } });
    });

    it('is the same where middleware made the call', async () => {
      expectUpstream(await ask('middlewareCalls'));
    });

    it('is the same in the middle of a stream', async () => {
      const items: unknown[] = [];
      const reading = async (): Promise<void> => {
        for await (const item of client.stream('streams')) items.push(item);
      };
      await expect(reading()).rejects.toMatchObject({ code: 502, description: 'upstream error', data: undefined });
      expect(items).toEqual([1]);
      expect(inner()).toContain('hunter2');
    });

    it('that nobody listens, or that no such service is there, is a 502, too', async () => {
      expectUpstream(await ask('nobody'));
      expectUpstream(await ask('noService'));
    });

    it("is the same for the client's own: a broken stream, discovery that cannot be used, a permission", async () => {
      caller.subscribe('$SRV.INFO.garbage', {
        callback: (_error: Error | null, message: Message) => void message.respond('not json'),
      });
      await caller.flush();
      for (const endpoint of ['collects', 'findsGarbage', 'forbidden']) expectUpstream(await ask(endpoint));
      expect(log.find('error', /upstream error/).map(({ err }) => (err as Error).name)).toEqual([
        'StreamError',
        'DiscoveryError',
        'PermissionError',
      ]);
      const none = client.stream('streamsNone')[Symbol.asyncIterator]();
      await expect(none.next()).rejects.toMatchObject({ code: 502, description: 'upstream error' });
    });

    it('a TimeoutError, and a 504 of the other service, are 502, too', async () => {
      expectUpstream(await ask('waits'));
      expect(log.find('error', /upstream error/)[0]?.err).toBeInstanceOf(TimeoutError);
      expectUpstream(await ask('timesOut'));
    });

    it("is a 504 where the caller's own time is up", async () => {
      const reply = await ask('carriesOn');
      expect([reply.headers?.get(CODE), reply.headers?.get(DESCRIPTION)]).toEqual(['504', 'timeout']);
    });
  });

  it('ServiceError.forward passes it on: code, description, data and headers, without those that NATS acts on', async () => {
    const reply = await ask('forwards');
    expect([reply.headers?.get(CODE), reply.headers?.get(DESCRIPTION), reply.json()]).toEqual([
      '403',
      'the key is hunter2',
      { key: 'hunter2' },
    ]);
    expect(reply.headers?.keys().sort()).toEqual([DESCRIPTION, CODE, 'X-Key'].sort());
  });

  it('a new error, with the other one as its cause, goes out as it is', async () => {
    const reply = await ask('translates');
    expect([reply.headers?.get(CODE), reply.headers?.get(DESCRIPTION), reply.string()]).toEqual(['409', 'no key', '']);
  });
});
