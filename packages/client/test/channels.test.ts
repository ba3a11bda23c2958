import { AsyncLocalStorage } from 'node:async_hooks';
import { clientChannels, event, ServiceClient, type ClientOperation } from '@natsmith/client';
import { Endpoint, type RequestContext, Service, ServiceError } from '@natsmith/core';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';

let asked = 0;

@Service({ name: 'seen', version: '1.0.0' })
class Seen {
  @Endpoint({ subject: 'seen.{id}.trace' })
  trace(_: undefined, ctx: RequestContext): string | undefined {
    return ctx.headers.get('traceparent');
  }

  @Endpoint()
  fail(): never {
    throw new ServiceError(409, 'taken');
  }

  @Endpoint({ idempotent: true })
  async late(): Promise<number> {
    if (++asked === 1) await new Promise((resolve) => setTimeout(resolve, 2_000));
    return asked;
  }

  @Endpoint({ request: 'unchecked' })
  async *count(to: number): AsyncGenerator<number> {
    for (let i = 1; i <= to; i++) yield await Promise.resolve(i);
    if (to === 3) throw new ServiceError(507, 'no more');
  }
}

const Told = event('seen.{id}.told', String);

/** Everything that the three channels say, until `stop`. */
function listen() {
  const seen: string[] = [];
  const operations = new Set<ClientOperation>();
  const note = (word: string) => (operation: ClientOperation) => {
    operations.add(operation);
    seen.push(`${operation.kind} ${word}`);
  };
  const listeners = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  const channels = Object.values(clientChannels);
  for (const channel of channels) channel.subscribe(listeners);
  return { seen, operations, stop: () => channels.forEach((channel) => channel.unsubscribe(listeners)) };
}

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();
  let client: ServiceClient<Connection>;
  let heard: ReturnType<typeof listen>;

  beforeEach(async () => {
    asked = 0;
    const connection = await library.connect();
    await start(Seen, { connection });
    client = new ServiceClient(connection);
    heard = listen();
  });
  afterEach(() => heard.stop());

  const only = (): ClientOperation => {
    expect(heard.operations.size).toBe(1);
    return [...heard.operations][0] as ClientOperation;
  };

  test('a call is reported from start to end, with templates and not only subjects', async () => {
    const seen = await client.service<Seen>('seen');
    await seen.trace(undefined, { params: { id: '7' } });
    expect(heard.seen).toEqual(['call start', 'call end', 'call asyncStart', 'call asyncEnd']);
    expect(only()).toMatchObject({
      kind: 'call',
      service: 'seen',
      method: 'trace',
      template: 'seen.{id}.trace',
      subject: 'seen.7.trace',
      attempts: 1,
    });
    expect(only().code).toBeUndefined();
  });

  test('an error has its code', async () => {
    await expect(client.call('fail')).rejects.toBeInstanceOf(ServiceError);
    expect(heard.seen).toEqual(['call start', 'call end', 'call error', 'call asyncStart', 'call asyncEnd']);
    expect(only()).toMatchObject({ code: 409, service: undefined, template: 'fail' });
  });

  test('retries are attempts of one call, and a time-out is a 504', async () => {
    const { late } = await client.service<Seen>('seen', { timeout: 500 });
    await late();
    expect(only()).toMatchObject({ attempts: 2 });
    heard.operations.clear();
    asked = 0;
    await expect(late(undefined, { retries: 0 })).rejects.toThrow('did not answer');
    expect(only()).toMatchObject({ attempts: 1, code: 504 });
  });

  test('headers that a listener sets at the start are sent, and middleware sees them', async () => {
    const set = (operation: ClientOperation) => operation.headers.set('traceparent', '00-1');
    clientChannels.call.start.subscribe(set as never);
    client.use((ctx, next) => {
      expect(ctx.headers.get('traceparent')).toBe('00-1');
      return next();
    });
    try {
      expect(await client.call('seen.1.trace')).toBe('00-1');
    } finally {
      clientChannels.call.start.unsubscribe(set as never);
    }
  });

  test('a store that is bound to the start is there in middleware', async () => {
    const store = new AsyncLocalStorage<ClientOperation>();
    clientChannels.call.start.bindStore(store, (operation) => operation);
    let inside: ClientOperation | undefined;
    client.use(async (_ctx, next) => {
      await Promise.resolve();
      inside = store.getStore();
      return next();
    });
    try {
      await client.call('seen.1.trace');
      expect(inside).toBe(only());
    } finally {
      clientChannels.call.start.unbindStore(store);
    }
  });

  test('a stream is reported until its last item', async () => {
    const { count } = await client.service<Seen>('seen');
    for await (const n of count(5)) if (n < 5) expect(heard.seen).toEqual(['stream start', 'stream end']);
    expect(heard.seen).toEqual(['stream start', 'stream end', 'stream asyncStart', 'stream asyncEnd']);
    expect(only()).toMatchObject({ kind: 'stream', method: 'count', items: 5, attempts: 1 });
  });

  test('a stream whose reader leaves has ended without an error', async () => {
    for await (const n of client.stream<number>('count', 1_000)) if (n === 2) break;
    expect(heard.seen).toEqual(['stream start', 'stream end', 'stream asyncStart', 'stream asyncEnd']);
    expect(only()).toMatchObject({ items: 2 });
  });

  test('an error in mid-stream ends it', async () => {
    const read = async (): Promise<void> => {
      for await (const _ of client.stream('count', 3));
    };
    await expect(read()).rejects.toMatchObject({ code: 507 });
    expect(heard.seen.slice(2)).toEqual(['stream error', 'stream asyncStart', 'stream asyncEnd']);
    expect(only()).toMatchObject({ items: 3, code: 507 });
  });

  test('a stream that nobody offers is an error', async () => {
    const read = async (): Promise<void> => {
      for await (const _ of client.stream('nowhere'));
    };
    await expect(read()).rejects.toMatchObject({ code: 503 });
    expect(heard.seen.slice(2)).toEqual(['stream error', 'stream asyncStart', 'stream asyncEnd']);
    expect(only()).toMatchObject({ items: 0, code: 503 });
  });

  test('a publish has the template of its event', async () => {
    await client.publish(Told, 'news', { params: { id: '1' } });
    expect(heard.seen).toEqual(['publish start', 'publish end', 'publish asyncStart', 'publish asyncEnd']);
    expect(only()).toMatchObject({ kind: 'publish', template: 'seen.{id}.told', subject: 'seen.1.told', attempts: 1 });
  });
});
