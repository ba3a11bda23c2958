/* eslint-disable @typescript-eslint/no-unsafe-call -- what does not compile has no types */
/* What does not compile is part of the contract: tsc checks this file, with an error where @ts-expect-error has none. */
import {
  connect,
  Endpoint,
  event,
  Group,
  NatsServiceFactory,
  only,
  Service,
  ServiceError,
  StatsHandler,
  Use,
  type AddedHandler,
  type Container,
  type EndpointStats,
  type EventContext,
  type FactoryOptions,
  type MessageContext,
  type Middleware,
  type NatsServiceHost,
  type RequestContext,
  type RunningService,
  type ServiceTarget,
} from '@natsmith/core';
import { type NatsConnection as Nats3Connection } from '@nats-io/transport-node';
import { type AwilixContainer } from 'awilix';
import { type Container as Inversify } from 'inversify';
import { IsNumber } from 'class-validator';
import { type NatsConnection as Nats2Connection } from 'nats';
import { z } from 'zod';

class Operands {
  @IsNumber() a: number;
}
class Text {
  text: string;
}
const operands = z.object({ a: z.number(), b: z.string().transform((text) => text.length) });

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles where the two types are the same. */
function same<A, B>(..._: Equal<A, B> extends true ? [] : ['the types differ']): void {}

/** Compiled, never run. */
const compiled: (() => unknown)[] = [];

describe('types, checked by tsc', () => {
  it('of this file compile', () => {
    expect(compiled.length).toBeGreaterThan(0);
  });
});

compiled.push(function endpoints() {
  class Fine {
    @Endpoint()
    none(): void {}
    @Endpoint()
    payload(_: Operands): number {
      return 1;
    }
    @Endpoint('named')
    async context(_: Operands, ctx: RequestContext): Promise<string> {
      return ctx.subject;
    }
    @Endpoint({ request: Operands })
    sameClass(_: Operands): void {}
    @Endpoint({ request: Operands })
    wider(_: { a: number }): void {}
    @Endpoint({ request: Operands })
    unknown(_: unknown): void {}
    @Endpoint({ request: [Operands] })
    list(_: Operands[]): void {}
    @Endpoint({ request: operands })
    output(_: { a: number; b: number }): void {}
    @Endpoint({ request: 'unchecked' })
    unchecked(_: { whatever: string }): void {}
    @Endpoint({ request: String })
    primitive(_: string): void {}
    @Endpoint({ response: Operands })
    response(): Operands {
      return { a: 1 };
    }
    @Endpoint({ response: Operands })
    async asyncResponse(): Promise<Operands> {
      return { a: 1 };
    }
    @Endpoint({ response: Operands })
    async *stream(): AsyncGenerator<Operands> {
      yield { a: 1 };
    }
    @Endpoint({ response: [Operands] })
    listResponse(): Operands[] {
      return [];
    }
    @Endpoint({ queueGroup: false, timeout: 5, concurrency: 1, maxPending: 2, idempotent: true, codec: 'text' })
    options(_: string): string {
      return '';
    }
  }

  class Contradicting {
    // @ts-expect-error the request is not what the parameter takes
    @Endpoint({ request: Operands })
    otherClass(_: Text): void {}
    // @ts-expect-error one for a list
    @Endpoint({ request: [Operands] })
    one(_: Operands): void {}
    // @ts-expect-error a list for one
    @Endpoint({ request: Operands })
    list(_: Operands[]): void {}
    // @ts-expect-error the schema gives a number
    @Endpoint({ request: operands })
    input(_: { a: number; b: string }): void {}
    // @ts-expect-error the schema has no c
    @Endpoint({ request: operands })
    more(_: { a: number; c: number }): void {}
    // @ts-expect-error a number for a text
    @Endpoint({ request: Number })
    primitive(_: string): void {}
    // @ts-expect-error the reply is not what the response says
    @Endpoint({ response: Operands })
    reply(): Text {
      return { text: '' };
    }
    // @ts-expect-error nor is the promised one
    @Endpoint({ response: Operands })
    async asyncReply(): Promise<Text> {
      return { text: '' };
    }
    // @ts-expect-error a handler is (payload, ctx)
    @Endpoint()
    three(_: Operands, _ctx: RequestContext, _more: string): void {}
    // @ts-expect-error the second parameter is the context
    @Endpoint()
    notContext(_: Operands, _ctx: string): void {}
    // @ts-expect-error a property is not a method
    @Endpoint()
    property = 1;
    // @ts-expect-error no queue group is false, not true
    @Endpoint({ queueGroup: true })
    queueGroup(): void {}
    // @ts-expect-error metadata is text
    @Endpoint({ metadata: { a: 1 } })
    metadata(): void {}
    // @ts-expect-error there is no such option
    @Endpoint({ retries: 3 })
    unknownOption(): void {}
    // @ts-expect-error there is no such codec
    @Endpoint({ codec: 'xml' })
    codec(): void {}
  }
  return [Fine, Contradicting];
});

compiled.push(function otherDecorators() {
  @Group('group', { queueGroup: 'g' })
  class Mounted {
    @Group('deeper')
    @Use((_ctx, next) => next())
    @Endpoint()
    x(): void {}
  }
  @Service({ name: 'fine', version: '1.0.0', groups: [Mounted], queueGroup: false })
  @Use((_ctx, next) => next())
  class Fine {
    @StatsHandler()
    stats({ num_requests }: EndpointStats): number {
      return num_requests;
    }
  }
  class NoParameters {
    @StatsHandler()
    async stats(): Promise<number> {
      return 1;
    }
  }
  // @ts-expect-error a version is needed
  @Service({ name: 'no-version' })
  class NoVersion {
    // @ts-expect-error a stats handler gets the stats of an endpoint
    @StatsHandler()
    stats(_: string): void {}
  }
  // @ts-expect-error groups are classes
  @Service({ name: 'x', version: '1.0.0', groups: [new Mounted()] })
  class BadGroups {}
  return [Fine, NoParameters, NoVersion, BadGroups];
});

compiled.push(function context(ctx: RequestContext = null as never) {
  same<typeof ctx.subject, string>();
  same<typeof ctx.params, Readonly<Record<string, string>>>();
  same<ReturnType<typeof ctx.headers.get>, string | undefined>();
  same<ReturnType<typeof ctx.headers.getAll>, string[]>();
  same<typeof ctx.signal, AbortSignal>();
  same<typeof ctx.deadline, Date | undefined>();
  same<typeof ctx.state, Map<unknown, unknown>>();
  same<typeof ctx.message, unknown>();
  same<typeof ctx.service.id, string>();
  ctx.replyHeaders.set('X-A', 'a');
  // @ts-expect-error a header is text
  ctx.replyHeaders.set('X-A', 1);
  // @ts-expect-error the headers of a request are read only
  ctx.headers.set('X-A', 'a');
  // @ts-expect-error so is the context
  ctx.subject = 'other';
  // @ts-expect-error and what it says of the service
  ctx.service.name = 'other';
});

compiled.push(function middleware() {
  const pass: Middleware = (_ctx, next) => next();
  const wrap: Middleware = async (ctx, next) => ({ subject: ctx.subject, value: await next() });
  const stop: Middleware = () => {
    throw new ServiceError(403, 'no');
  };
  const typed: Middleware = async (_ctx, next) => {
    const value = await next();
    same<typeof value, unknown>();
    // @ts-expect-error nobody knows what the handler returns
    return value.length;
  };
  // @ts-expect-error next takes nothing
  const argument: Middleware = (_ctx, next) => next(1);
  // @ts-expect-error middleware gets two parameters
  const three: Middleware = (_ctx, next, _more: string) => next();
  // @ts-expect-error no list of them
  Use([pass]);
  return [wrap, stop, typed, argument, three];
});

compiled.push(function middlewareOfOneKind() {
  const ofEndpoints: Middleware<'endpoint'> = (ctx, next) => {
    ctx.replyHeaders.set('X-Subject', ctx.endpoint.subject);
    return next();
  };
  const ofEvents: Middleware<'event'> = (ctx, next) => {
    same<typeof ctx.kind, 'event'>();
    // @ts-expect-error an event has no reply
    void ctx.replyHeaders;
    return next();
  };
  Use(only('endpoint', ofEndpoints), only('event', ofEvents));
  const _options: FactoryOptions = { use: [only('endpoint', ofEndpoints)] };
  // @ts-expect-error a 401 of an endpoint would be thrown around every kind
  Use(ofEndpoints);
  // @ts-expect-error also around all services of a host
  const _everything: FactoryOptions = { use: [ofEndpoints] };
  // @ts-expect-error middleware of another kind
  only('event', ofEndpoints);
  // @ts-expect-error there is no such kind
  only('requests', ofEndpoints);
});

compiled.push(function contextsByKind(ctx: MessageContext = null as never) {
  same<typeof ctx.handler.metadata, Readonly<Record<string, string>>>();
  same<Awaited<typeof ctx.finished>, { readonly error?: ServiceError }>();
  // @ts-expect-error only a request has a reply
  void ctx.replyHeaders;
  if (ctx.kind === 'endpoint') same<typeof ctx, RequestContext>();
  if (ctx.kind === 'event') same<typeof ctx, EventContext>();
});

compiled.push(function contextsOfEvents() {
  const _Placed = event('orders.{id}.placed', operands);
  const Paid = event('orders.{id}.paid.{method}', Operands);
  const _Any = event('orders.>', 'unchecked');
  const one = null as unknown as EventContext<typeof _Placed>;
  same<typeof one.params, { readonly id: string }>();
  // @ts-expect-error the subject has no such token
  void one.params.method;
  const several = null as unknown as EventContext<typeof _Placed | typeof Paid>;
  void several.params.id;
  // @ts-expect-error not both events have it
  void several.params.method;
  if (several.event === Paid) same<typeof several.event, typeof Paid>();
  const wildcard = null as unknown as EventContext<typeof _Any>;
  // @ts-expect-error a wildcard has no name
  void wildcard.params.rest;
});

compiled.push(async function connections() {
  class Any {}
  const nats2 = null as unknown as Nats2Connection;
  const nats3 = null as unknown as Nats3Connection;
  const _byDefault = await NatsServiceFactory.create(Any);
  same<typeof _byDefault, NatsServiceHost<Nats2Connection>>();
  const _list = await NatsServiceFactory.create([Any, Any], {});
  same<typeof _list.connection, Nats2Connection>();
  const _withLogger = await NatsServiceFactory.create(Any, { logger: false });
  same<typeof _withLogger.connection, Nats2Connection>();
  const _byOptions = await NatsServiceFactory.create(Any, { connection: { servers: 'x' }, signals: false });
  same<typeof _byOptions.connection, Nats2Connection>();
  const on2 = await NatsServiceFactory.create(Any, { connection: nats2 });
  same<typeof on2.connection, Nats2Connection>();
  const on3 = await NatsServiceFactory.create(Any, { connection: nats3, stopTimeout: 5 });
  same<typeof on3.connection, Nats3Connection>();
  const options: FactoryOptions = { logger: false };
  const _byVariable = await NatsServiceFactory.create(Any, options);
  same<typeof _byVariable.connection, Nats2Connection>();
  same<typeof on3.services, readonly RunningService[]>();
  const _instance = on3.get(Operands);
  same<typeof _instance, Operands>();
  // @ts-expect-error a connection is an object
  await NatsServiceFactory.create(Any, { connection: 'nats://127.0.0.1' });
  // @ts-expect-error options that nats.js does not have
  await NatsServiceFactory.create(Any, { connection: { url: 'x' } });
  // @ts-expect-error there is no such option
  await NatsServiceFactory.create(Any, { retries: 3 });
  await using disposed = on2;
  return disposed;
});

compiled.push(async function targets() {
  class Shop {
    constructor(readonly name: string) {}
  }
  class Any {}
  await NatsServiceFactory.create(new Shop('a'));
  await NatsServiceFactory.create([new Shop('a'), Any]);
  const several: readonly ServiceTarget[] = [Shop, new Any()];
  await NatsServiceFactory.create(several);
  // @ts-expect-error a string is not a service
  await NatsServiceFactory.create('Shop');
  // @ts-expect-error nor is nothing
  await NatsServiceFactory.create(undefined);
  // @ts-expect-error nor are numbers
  await NatsServiceFactory.create([1, 2]);
  // @ts-expect-error one array holds all
  await NatsServiceFactory.create([[Shop]]);
});

compiled.push(async function containersOfTheConnection() {
  class Any {}
  const nats3 = null as unknown as Nats3Connection;
  const get: Container['get'] = (target) => new target();
  await NatsServiceFactory.create(Any, {
    container: (_connection) => {
      same<typeof _connection, Nats2Connection>();
      return { get };
    },
  });
  await NatsServiceFactory.create(Any, {
    connection: { servers: 'x' },
    container: async (_connection) => {
      same<typeof _connection, Nats2Connection>();
      return { get };
    },
  });
  await NatsServiceFactory.create(Any, {
    connection: nats3,
    container: (connection) => {
      same<typeof connection, Nats3Connection>();
      return { get: (target) => new target(connection) };
    },
  });
  // @ts-expect-error the function gives no container
  await NatsServiceFactory.create(Any, { container: () => 1 });
  // @ts-expect-error the connection is of nats 2
  await NatsServiceFactory.create(Any, { container: (_: Nats3Connection) => ({ get }) });
  const _made = await connect({ servers: 'x' });
  same<typeof _made, Nats2Connection>();
});

compiled.push(async function containers() {
  class Any {}
  const inversify = null as unknown as Inversify;
  const awilix: AwilixContainer = null as never;
  const containers: Container[] = [
    { get: (target) => new target() },
    { get: async (target) => new target() },
    { get: (target) => awilix.build(target) },
    { get: (target) => inversify.get(target) },
    inversify,
    { get: (target) => (target === Any ? new Any() : new target()) },
    { get: <T>(target: new () => T) => new target() },
  ];
  await NatsServiceFactory.create(Any, { container: containers[0] });
  // @ts-expect-error a container has get(Class)
  await NatsServiceFactory.create(Any, { container: { resolve: () => 1 } });
  // @ts-expect-error what it gives is an instance of the class
  await NatsServiceFactory.create(Any, { container: { get: () => 'text' } });
});

compiled.push(async function runningServices(service: RunningService = null as never) {
  await service.addEndpoint('a', () => 1);
  await service.addEndpoint('a', async (_: string, ctx) => ctx.params.id);
  await service.addEndpoint('a', (_: Operands) => 1, { request: Operands, queueGroup: false });
  await service
    .addGroup('v1')
    .addGroup('v2', { queueGroup: 'x' })
    .addEndpoint('a', () => 1);
  const handler: AddedHandler<string> = (text) => text.length;
  await service.addEndpoint('a', handler);
  // @ts-expect-error the name is the first argument
  await service.addEndpoint('a', () => 1, { name: 'b' });
  // @ts-expect-error groups of a running service mount no classes
  service.addGroup('v1', { groups: [Operands] });
  // @ts-expect-error an id stays
  service.id = 'other';
  same<Awaited<typeof service.stopped>, Error | null>();
});

compiled.push(async function limits(service: RunningService = null as never) {
  await NatsServiceFactory.create(Operands, { stopTimeout: '1m', maxBody: 1000 });
  await service.addEndpoint('a', () => 1, { timeout: '1.5s', maxBody: 10 });
  Endpoint({ timeout: '250ms' });
  Service({ name: 'a', version: '1.0.0', timeout: '2h', maxBody: 10 });
  // @ts-expect-error a duration has one of the units
  Endpoint({ timeout: '5 sec' });
  // @ts-expect-error a string has a unit
  await NatsServiceFactory.create(Operands, { stopTimeout: '500' });
  // @ts-expect-error bytes are a number
  Service({ name: 'a', version: '1.0.0', maxBody: '1MiB' });
});

compiled.push(function forwardedErrors(
  caught: unknown = undefined,
  received: ServiceError<{ id: number }> = null as never,
): number | undefined {
  const typed = ServiceError.forward(received);
  same<typeof typed, ServiceError<{ id: number }>>();
  if (typed.data?.id === 1) throw typed;
  const any = ServiceError.forward(caught);
  same<typeof any, Error>();
  // @ts-expect-error what is caught may be anything
  return any.code as number;
});

compiled.push(function stoppingSignal(ctx: RequestContext = null as never) {
  same<typeof ctx.stopping, AbortSignal>();
  // @ts-expect-error it is natsmith that stops
  ctx.stopping = new AbortController().signal;
});
