import 'reflect-metadata';
import {
  declaredServices,
  DefinitionError,
  describeInfo,
  describeServices,
  Endpoint,
  Group,
  NatsServiceFactory,
  Service,
  stream,
  Subscribe,
  type HandlerDescription,
} from '@natsmith/core';
import { event, type InfoResponse, readDiscoveryReply } from '@natsmith/protocol';
import { IsInt, IsString, Min } from 'class-validator';
import { z } from 'zod';
import { onEachServerAndClient } from '#test/matrix';

class Query {
  @IsInt() @Min(1) limit!: number;
}
class Item {
  @IsString() sku!: string;
}
const Place = z.object({ sku: z.string(), quantity: z.number().default(1) });
const Sold = event('shop.{sku}.sold', Item, { description: 'Somebody bought it' });
const Restocked = event('shop.restocked', Place);
const Opened = event('shop.opened', 'unchecked', { codec: 'text' });
const upper = {
  name: 'upper',
  decode: (body: Uint8Array) => Buffer.from(body).toString().toLowerCase(),
  encode: (value: unknown) => String(value).toUpperCase(),
};

@Group('items', { queueGroup: false })
class Items {
  constructor(readonly needed: object) {}

  @Endpoint({ subject: '{shop}.{sku}', description: 'One item', metadata: { team: 'shop' }, idempotent: true })
  get(): void {}

  @Endpoint({ name: 'list', request: Query, response: stream(Item) })
  async *search(): AsyncGenerator<Item> {}
}

@Service({
  name: 'shop',
  version: '1.2.0',
  description: 'Sells tea',
  metadata: { region: 'eu' },
  groups: [Items],
  publishes: [Sold, Restocked, Opened],
  timeout: '2s',
  concurrency: 10,
  schemas: false,
})
class Shop {
  constructor(readonly needed: object) {}

  @Endpoint({ request: Place, response: Item, timeout: 500, concurrency: 4, maxPending: 2, maxBody: 1000 })
  place(_: z.output<typeof Place>): Item {
    return { sku: 'tea' };
  }

  @Endpoint({ codec: upper, request: 'unchecked' })
  shout(text: string): string {
    return text;
  }
}

describe('the description of a service', () => {
  const described = describeServices(Shop, { maxBody: 5000 });
  const [shop] = described;
  const handler = (name: string): HandlerDescription => shop!.handlers.find((one) => one.name === name)!;

  it('says what its class says, limits included', () => {
    expect(shop).toMatchObject({
      name: 'shop',
      version: '1.2.0',
      description: 'Sells tea',
      metadata: { region: 'eu' },
      limits: { timeout: 2000, concurrency: 10, maxBody: 5000 },
    });
    expect(shop!.handlers.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'endpoint place',
      'endpoint shout',
      'endpoint get',
      'endpoint list',
    ]);
  });

  it('says of an endpoint where it listens, how it is called and what limits it has', () => {
    expect(handler('get')).toEqual({
      kind: 'endpoint',
      name: 'get',
      method: 'get',
      subject: 'items.{shop}.{sku}',
      subscribedSubject: 'items.*.*',
      params: ['shop', 'sku'],
      queueGroup: '',
      description: 'One item',
      metadata: { team: 'shop' },
      codec: 'json',
      stream: { request: false, response: false },
      idempotent: true,
      limits: { timeout: 2000, maxBody: 5000 },
    });
    expect(handler('place')).toMatchObject({
      queueGroup: 'q',
      limits: { timeout: 500, concurrency: 4, maxPending: 2, maxBody: 1000 },
    });
    expect(handler('shout')).toMatchObject({ codec: 'upper', subject: 'shout', params: [] });
  });

  it('has the schemas of payloads and replies, of one item where there is a stream, also where INFO is to have none', () => {
    expect(handler('place').request).toMatchObject({ type: 'object', required: ['sku'] });
    expect(handler('place').response).toMatchObject({ properties: { sku: { type: 'string' } } });
    expect(handler('list')).toMatchObject({
      method: 'search',
      stream: { request: false, response: true },
      request: { properties: { limit: { type: 'integer', minimum: 1 } } },
      response: { properties: { sku: { type: 'string' } } },
    });
    expect(handler('shout')).not.toHaveProperty('request');
  });

  it('has the events that it publishes', () => {
    expect(shop!.publishes).toMatchObject([
      {
        subject: 'shop.{sku}.sold',
        params: ['sku'],
        description: 'Somebody bought it',
        codec: 'json',
        schema: { properties: { sku: { type: 'string' } } },
      },
      { subject: 'shop.restocked', params: [], description: '', schema: { required: ['sku'] } },
      { subject: 'shop.opened', codec: 'text' },
    ]);
    expect(shop!.publishes![2]).not.toHaveProperty('schema');
  });

  it('has a handler of several events once for each of them', () => {
    @Service({ name: 'mailer', version: '1.0.0' })
    class Mailer {
      @Subscribe([Sold, Opened], { concurrency: 2 })
      mail(): void {}
    }
    const [mailer] = describeServices(Mailer);
    expect(mailer!.handlers).toMatchObject([
      {
        kind: 'event',
        name: 'mail',
        method: 'mail',
        subject: 'shop.{sku}.sold',
        subscribedSubject: 'shop.*.sold',
        params: ['sku'],
        queueGroup: 'mailer-mail',
        description: 'Somebody bought it',
        metadata: {},
        limits: { concurrency: 2 },
        request: { properties: { sku: { type: 'string' } } },
      },
      { kind: 'event', subject: 'shop.opened', codec: 'text' },
    ]);
  });

  it('is plain data, which JSON keeps as it is', () => {
    expect(JSON.parse(JSON.stringify(described))).toEqual(described);
  });

  it('is that of its class for an instance', () => {
    expect(describeServices([new Shop({}), new Items({})], { maxBody: 5000 })).toEqual(described);
  });

  it('needs no connection, and a program can look at it', () => {
    // #region describe
    const [description] = describeServices([Shop]);
    const endpoints = description!.handlers.filter(({ kind }) => kind === 'endpoint');
    const subjects = endpoints.map(({ subject }) => subject);
    // #endregion
    expect(subjects).toEqual(['place', 'shout', 'items.{shop}.{sku}', 'items.list']);
  });

  it('is there for tools that inspect a program: its service classes are known', () => {
    expect(declaredServices().map(({ name }) => name)).toContain('Shop');
  });

  it('is refused with every mistake in the classes', () => {
    @Service({ name: 'no good', version: '1' })
    class Wrong {}
    const describeWrong = (): unknown => describeServices([Shop, Wrong]);
    expect(describeWrong).toThrow(DefinitionError);
    expect(describeWrong).toThrow(/^3 mistakes:/);
  });
});

onEachServerAndClient((_, client) => {
  it('a running service yields the same description, except what INFO does not show', async () => {
    @Service({ name: 'shop', version: '1.2.0', groups: [Items] })
    class Told extends Shop {}
    const connection = await client.connect();
    const services = [new Told({}), new Items({})];
    const host = await NatsServiceFactory.create(services, { connection, logger: false, signals: false });
    const reply = await connection.request('$SRV.INFO.shop');
    const live = describeInfo(readDiscoveryReply('INFO', reply.data));
    await host.stop();

    const [{ limits: _limits, publishes: _publishes, handlers, ...rest }] = describeServices(services) as never as [
      ReturnType<typeof describeInfo>,
    ];
    const told = handlers.map(({ limits: _, codec: __, method, ...handler }) =>
      method === handler.name ? handler : { ...handler, method },
    );
    expect(live).toEqual({ ...rest, handlers: told });
  });
});

describe('the description of INFO', () => {
  const info = (metadata: Record<string, string>): InfoResponse => ({
    type: 'io.nats.micro.v1.info_response',
    name: 'other',
    id: 'X',
    version: '1.0.0',
    description: '',
    metadata: { a: 'b' },
    endpoints: [{ name: 'e', subject: 'e.*', queue_group: 'q', metadata }],
  });

  it('of a service of another language holds what it says', () => {
    expect(describeInfo(info({ team: 'x' }))).toEqual({
      name: 'other',
      version: '1.0.0',
      description: '',
      metadata: { a: 'b' },
      handlers: [
        {
          kind: 'endpoint',
          name: 'e',
          subject: 'e.*',
          subscribedSubject: 'e.*',
          params: [],
          queueGroup: 'q',
          description: '',
          metadata: { team: 'x' },
          stream: { request: false, response: false },
          idempotent: false,
        },
      ],
    });
  });

  it('shows the kinds of handlers that are not endpoints', () => {
    expect(describeInfo(info({ kind: 'consumer' })).handlers[0]).toMatchObject({ kind: 'consumer', metadata: {} });
  });

  it.each<[string, Record<string, string>]>([
    ['a schema that is not JSON', { request_schema: '{' }],
    ['a schema that is not an object', { response_schema: '[1]' }],
    ['a schema that nests without end', { request_schema: '['.repeat(50_000) + ']'.repeat(50_000) }],
    ['a schema of unreasonable length', { request_schema: JSON.stringify({ a: 'x'.repeat(140_000) }) }],
    ['a template of another subject', { subject_template: 'victim.{id}' }],
    ['a stream of an unknown kind', { stream: 'sideways' }],
    ['idempotent other than true', { idempotent: 'perhaps' }],
  ])('takes %s for metadata of the user', (_, metadata) => {
    expect(describeInfo(info(metadata)).handlers[0]).toMatchObject({ subject: 'e.*', metadata });
  });
});
