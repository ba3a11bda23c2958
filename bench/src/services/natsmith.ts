import { Endpoint, NatsServiceFactory, Service, Use, type Middleware, type RequestContext } from '@natsmith/core';
import { io, ready, subject, url, variant, type Two } from './process';

const passOn: Middleware = (_ctx, next) => next();

const service = { name: 'bench', version: '1.0.0' };
const endpoint = { subject, request: 'unchecked' as const };

@Service(service)
class Plain {
  @Endpoint(endpoint) add({ a, b }: Two): number {
    return a + b;
  }
}

@Service(service)
class Bytes {
  @Endpoint({ subject }) echo(body: Uint8Array): Uint8Array {
    return body;
  }
}

@Service(service)
class Async {
  @Endpoint(endpoint) async add({ a, b }: Two): Promise<number> {
    return Promise.resolve(a + b);
  }
}

@Service(service)
class Io {
  @Endpoint(endpoint) async add({ a, b }: Two): Promise<number> {
    await io();
    return a + b;
  }
}

@Service(service)
class HeaderIn {
  @Endpoint(endpoint) add({ a, b }: Two, ctx: RequestContext): number {
    if (ctx.headers.get('X-Tenant') !== 'acme') throw new Error('no tenant');
    return a + b;
  }
}

@Service(service)
class HeaderOut {
  @Endpoint(endpoint) add({ a, b }: Two, ctx: RequestContext): number {
    ctx.replyHeaders.set('X-Tenant', 'acme');
    return a + b;
  }
}

@Service(service)
@Use(passOn)
class WithMiddleware {
  @Endpoint(endpoint) add({ a, b }: Two): number {
    return a + b;
  }
}

@Service(service)
class Stream {
  @Endpoint(endpoint) async *items({ n }: { n: number }): AsyncGenerator<{ n: number }> {
    for (let i = 0; i < n; i++) yield { n: i };
  }
}

const classes: Record<string, new () => object> = {
  plain: Plain,
  bytes: Bytes,
  async: Async,
  io: Io,
  'header-in': HeaderIn,
  'header-out': HeaderOut,
  middleware: WithMiddleware,
  stream: Stream,
  'nats-3': Plain,
  observed: Plain,
};

async function main(): Promise<void> {
  const target = classes[variant] ?? (await others());
  const connection =
    variant === 'nats-3' ? await (await import('@nats-io/transport-node')).connect({ servers: url }) : undefined;
  const started = performance.now();
  const host = await NatsServiceFactory.create(target, { logger: false, ...(connection && { connection }) });
  if (variant === 'observed') await (await import('./scraped.js')).observeScraped(host);
  ready({ bootstrap: performance.now() - started });
}

/** Those that take time to load, and only for themselves. */
async function others(): Promise<readonly (new () => object)[]> {
  const file = variant === 'many' || variant === 'hundred' ? './many-natsmith.js' : './validated-natsmith.js';
  const { classes } = (await import(file)) as { classes: Record<string, () => readonly (new () => object)[]> };
  const targets = classes[variant]?.();
  if (targets === undefined) throw new Error(`no variant ${variant}`);
  return targets;
}

void main();
