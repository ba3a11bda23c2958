import {
  DefinitionError,
  Endpoint,
  event,
  Group,
  Metadata,
  NatsServiceFactory,
  Service,
  Subscribe,
  Use,
  type EndpointOptions,
  type FactoryOptions,
  type GroupOptions,
  type SubscribeOptions,
} from '@natsmith/core';

const Ticked = event('ticks', 'unchecked');

interface Wrong {
  create?: unknown;
  service?: object;
  group?: unknown;
  endpoint?: unknown;
  subscribe?: unknown;
  use?: unknown;
}

/** The mistakes that a service is refused for; no connection is made. */
async function mistakes({ create, service, group, endpoint, subscribe, use }: Wrong): Promise<string[]> {
  @Service({ name: 'orders', version: '1.0.0', ...service })
  @Group('all', group as GroupOptions)
  class Orders {
    @Endpoint(endpoint as EndpointOptions)
    @Use(...((use === undefined ? [] : [use]) as []))
    get(): void {}

    @Subscribe(Ticked, subscribe as SubscribeOptions)
    tick(): void {}
  }
  const error: unknown = await NatsServiceFactory.create(Orders, create as FactoryOptions).then(
    (host) => host.stop(),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DefinitionError)) throw new Error(`not refused as a definition: ${String(error)}`);
  return error.mistakes.map(({ where, problem }) => `${where} ${problem}`);
}

describe('an unknown option', () => {
  it.each<[Wrong, string]>([
    [{ create: { stopTimout: 5 } }, 'create() has an unknown option "stopTimout"; did you mean "stopTimeout"?'],
    [{ service: { maxbody: 5 } }, 'Orders has an unknown option "maxbody"; did you mean "maxBody"?'],
    [{ endpoint: { timout: 5 } }, 'Orders.get has an unknown option "timout"; did you mean "timeout"?'],
    [{ subscribe: { concurency: 5 } }, 'Orders.tick has an unknown option "concurency"; did you mean "concurrency"?'],
    [{ group: { prefix: 'a' } }, 'Orders has an unknown option "prefix"; the options are queueGroup, groups'],
  ])('of %j is refused', async (wrong, mistake) => {
    expect(await mistakes(wrong)).toEqual([mistake]);
  });

  it('is reported together with all other mistakes', async () => {
    expect(await mistakes({ create: { user: 5 }, endpoint: { timout: 5, codec: null }, use: 5 })).toEqual([
      expect.stringContaining('create() has an unknown option "user"; '),
      'Orders.get has 5 in @Use, which takes middleware, (ctx, next) => …',
      'Orders.get has an unknown option "timout"; did you mean "timeout"?',
      'Orders.get codec null is none of "json", "text", "bytes", nor an object with decode(body) and encode(value)',
    ]);
  });

  it.each([['a'], null, 'a', 5, undefined])('metadata that is not an object, %j, is refused', async (metadata) => {
    @Service({ name: 'tagged', version: '1.0.0' })
    @Metadata(metadata as never)
    class Tagged {
      @Endpoint()
      @Metadata(metadata as never)
      get(): void {}
    }
    const problem = 'which takes an object of strings; give { key: "value" }';
    const error: unknown = await NatsServiceFactory.create(Tagged).catch((thrown: unknown) => thrown);
    expect((error as DefinitionError).mistakes).toEqual([
      { where: 'Tagged', problem: expect.stringContaining(problem) as string },
      { where: 'Tagged.get', problem: expect.stringContaining(problem) as string },
    ]);
  });

  it('that is undefined is none', async () => {
    expect(await mistakes({ endpoint: { timout: undefined, idempotent: 1 } })).toEqual([
      'Orders.get has an option "idempotent" that must be true or false, got 1',
    ]);
  });
});

describe('an option of a wrong type', () => {
  it.each<[Wrong, string]>([
    [
      { create: { use: 5 } },
      'create() has an option "use" that must be an array of middleware functions, (ctx, next) => …, got 5',
    ],
    [
      { create: { use: [5] } },
      'create() has an option "use" that must be an array of middleware functions, (ctx, next) => …, got [5]',
    ],
    [
      { create: { connection: 5 } },
      'create() has an option "connection" that must be a connection of nats or @nats-io/transport-node, or options to connect with, got 5',
    ],
    [{ create: { validation: 5 } }, 'create() has an option "validation" that must be an object, got 5'],
    [
      { create: { validation: { whitelst: false } } },
      'create() has an option "validation" that must be options of class-validator (it has no "whitelst"; did you mean "whitelist"?), got an object',
    ],
    [
      { endpoint: { metadata: ['a'] } },
      'Orders.get has an option "metadata" that must be an object of strings, { key: "value" }, got ["a"]',
    ],
    [
      { create: { logger: { info: () => undefined } } },
      'create() has an option "logger" that must be false or a logger with the methods debug, info, warn and error, such as pino, got an object',
    ],
    [{ create: 5 }, 'create() has 5 in the place of the options of create(); give an object'],
    [
      { endpoint: { response: 5 } },
      'Orders.get has an option "response" that must be a class, [Class], a schema (zod, valibot, arktype), stream(Item) or "unchecked", got 5',
    ],
    [
      { endpoint: { idempotent: 'yes' } },
      'Orders.get has an option "idempotent" that must be true or false, got "yes"',
    ],
    [{ service: { groups: 5 } }, 'Orders has an option "groups" that must be an array, got 5'],
    [{ use: undefined, group: null }, 'Orders has null in the place of the options of @Group; give an object'],
  ])('%j is refused', async (wrong, mistake) => {
    expect(await mistakes(wrong)).toEqual([mistake]);
  });

  const values = [5, null, '', 'x y', true, [], [5], [undefined], {}, { a: 5 }, () => undefined, Symbol('s'), 1n, NaN];
  const names: Record<keyof Wrong & ('create' | 'service' | 'group' | 'endpoint' | 'subscribe'), readonly string[]> = {
    create: [
      'connection',
      'container',
      'use',
      'logger',
      'signals',
      'stopTimeout',
      'maxBody',
      'inboxes',
      'provision',
      'validation',
    ],
    service: [
      'name',
      'version',
      'description',
      'metadata',
      'queueGroup',
      'groups',
      'publishes',
      'schemas',
      'timeout',
      'concurrency',
      'maxPending',
      'maxBody',
    ],
    group: ['queueGroup', 'groups'],
    endpoint: [
      'name',
      'subject',
      'description',
      'metadata',
      'queueGroup',
      'request',
      'response',
      'maxUncredited',
      'codec',
      'idempotent',
      'timeout',
      'concurrency',
      'maxPending',
      'maxBody',
    ],
    subscribe: ['name', 'queueGroup', 'metadata', 'timeout', 'concurrency', 'maxPending'],
  };
  const all = Object.entries(names).flatMap(([place, options]) => options.map((name) => [place, name] as const));

  it.each(all)('of %s, %s, never makes more than a list of mistakes, whatever it is', async (place, name) => {
    for (const value of values) {
      // A mistake of its own, so that nothing is ever connected.
      const wrong: Record<string, object> = { endpoint: { wrong: 5 } };
      wrong[place] = { ...wrong[place], [name]: value };
      expect(await mistakes(wrong)).toContainEqual(expect.stringContaining('has an unknown option "wrong"'));
    }
  });
});

it('what a library adds to Object.prototype is not an option', async () => {
  const added: Record<string, unknown> = { added: 5, timout: 5 };
  Object.assign(Object.prototype, added);
  try {
    expect(await mistakes({ endpoint: { wrong: 5 } })).toEqual([
      expect.stringContaining('Orders.get has an unknown option "wrong"'),
    ]);
  } finally {
    for (const name of Object.keys(added)) delete (Object.prototype as Record<string, unknown>)[name];
  }
});
