import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Endpoint,
  Metadata,
  Service,
  ServiceError,
  Subscribe,
  Use,
  event,
  only,
  unchecked,
  type Logger,
  type MessageContext,
  type Next,
  type RequestContext,
} from '@natsmith/core';
import { type Connection } from '#test/connection';
import { onEachServer } from '#test/matrix';
import { connect } from 'nats';
import { useHosts } from '#test/hosts';
import { until } from '#test/until';

const Added = event('stock.added', unchecked<{ count: number }>());
const store = new AsyncLocalStorage<string>();
// #region roles
const Roles = (...roles: string[]): ClassDecorator & MethodDecorator => Metadata({ roles: roles.join(',') });

const authorize = only('endpoint', (ctx: RequestContext, next: Next) => {
  const { roles } = ctx.handler.metadata;
  if (roles !== undefined && !roles.split(',').includes(ctx.headers.get('Role') ?? ''))
    throw new ServiceError(403, `only for ${roles}`);
  return next();
});
// #endregion

const ends: { name: string; outcome: string; finished?: string }[] = [];
let release: () => void;
let held: Promise<void>;

@Service({ name: 'kinds', version: '1.0.0' })
@Use(async (ctx: MessageContext, next: Next) => {
  const end: (typeof ends)[number] = { name: ctx.handler.name, outcome: 'value' };
  void ctx.finished.then(({ error }) => (end.finished = error === undefined ? 'fine' : `${error.code}`));
  try {
    return await store.run(ctx.handler.name, next);
  } catch (error) {
    end.outcome = error instanceof ServiceError ? `${error.code}` : 'error';
    throw error;
  } finally {
    ends.push(end);
  }
}, authorize)
class Kinds {
  @Endpoint() fine(): string {
    return store.getStore() ?? 'outside';
  }

  @Endpoint({ timeout: 50, concurrency: 1, maxPending: 0 })
  async late(): Promise<void> {
    await held;
  }

  @Endpoint() async fail(): Promise<void> {
    await Promise.resolve();
    throw new Error('secret');
  }

  @Endpoint() async *items(): AsyncGenerator<string> {
    yield store.getStore() ?? 'outside';
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield store.getStore() ?? 'outside';
    throw new ServiceError(418, 'in mid-stream');
  }

  @Subscribe(Added)
  async added({ count }: { count: number }): Promise<void> {
    await Promise.resolve();
    if (count < 0) throw new ServiceError(409, 'too few');
    if (count > 9) throw new Error('secret');
  }

  @Roles('admin', 'root')
  @Endpoint()
  secret(): string {
    return 'secret';
  }
}

onEachServer((server) => {
  const hosts = useHosts();
  let nc: Connection;
  const scopes: (string | undefined)[] = [];
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => scopes.push(store.getStore()),
    error: () => scopes.push(store.getStore()),
    isLevelEnabled: () => false,
  };
  beforeEach(async () => {
    ends.length = scopes.length = 0;
    held = new Promise((resolve) => (release = resolve));
    nc = await connect({ servers: server.url });
    await hosts.start(Kinds, { connection: { servers: server.url }, logger });
  });
  afterEach(() => nc.close());
  const settled = async (name: string): Promise<(typeof ends)[number] | undefined> => {
    const found = () => ends.find((one) => one.name === name && one.finished !== undefined);
    await until(() => found() !== undefined);
    return found();
  };
  const code = async (subject: string, headers?: [string, string]): Promise<string | undefined> => {
    const { headers: makeHeaders } = await import('nats');
    const block = makeHeaders();
    if (headers) block.set(...headers);
    const reply = await nc.request(subject, '', { timeout: 20_000, headers: block });
    return reply.headers?.get('Nats-Service-Error-Code') || undefined;
  };

  it('middleware sees a 504 when the caller does, and the handler keeps its place until it ends', async () => {
    expect(await code('late')).toBe('504');
    expect(await settled('late')).toEqual({ name: 'late', outcome: '504', finished: '504' });
    expect(await code('late')).toBe('503');
    release();
    await until(async () => (await code('late')) === undefined);
  });

  it('a handler runs in the asynchronous context of its middleware', async () => {
    expect((await nc.request('fine')).json()).toBe('fine');
    expect(await settled('fine')).toEqual({ name: 'fine', outcome: 'value', finished: 'fine' });
  });

  it.each([
    [1, { outcome: 'value', finished: 'fine' }],
    [-1, { outcome: '409', finished: '409' }],
    [10, { outcome: 'error', finished: '500' }],
  ])('middleware around an event, %i in count, sees how it ends', async (count, end) => {
    nc.publish('stock.added', JSON.stringify({ count }));
    expect(await settled('added')).toEqual({ name: 'added', ...end });
  });

  it('so does the body of a generator, whose end ctx.finished reports', async () => {
    const items: unknown[] = [];
    const inbox = `_INBOX.kinds${Math.random().toString(36).slice(2)}`;
    const end = new Promise<void>((resolve) =>
      nc.subscribe(inbox, {
        callback(_error, message) {
          if (message.data.length === 0) resolve();
          else items.push(message.json());
        },
      }),
    );
    nc.publish('items', '', { reply: inbox });
    await end;
    expect(items).toEqual(['items', 'items']);
    expect(await settled('items')).toEqual({ name: 'items', outcome: 'value', finished: '418' });
  });

  it('what natsmith logs of a failure is logged there, too', async () => {
    expect(await code('fail')).toBe('500');
    expect(scopes).toEqual(['fail']);
  });

  it('decorators of users add metadata that middleware reads', async () => {
    expect(await code('secret')).toBe('403');
    expect(await code('secret', ['Role', 'root'])).toBeUndefined();
  });
});
