import { ServiceClient, ServiceError } from '@natsmith/client';
import { Endpoint, Group, Service, type RequestContext } from '@natsmith/core';
import { IsNumber } from 'class-validator';
import { connect as connectNats2, type NatsConnection } from 'nats';
import { type Connection } from '#test/connection';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';

class Operands {
  @IsNumber() a: number;
  @IsNumber() b: number;
}

@Service({ name: 'calculator', version: '1.4.0' })
@Group('math')
class Calculator {
  @Endpoint()
  add({ a, b }: Operands): number {
    return a + b;
  }

  @Endpoint('take-away')
  async subtract({ a, b }: Operands): Promise<number> {
    return a - b;
  }

  @Endpoint({ subject: '{list}.at.{index}' })
  at(_: undefined, { params }: RequestContext): Record<string, string> {
    return { ...params };
  }

  @Endpoint()
  nothing(): void {}

  @Endpoint({ request: Uint8Array })
  reverse(bytes: Uint8Array): Uint8Array {
    return Buffer.from(bytes).reverse();
  }

  onStart(): void {}
}

function versionOf(version: string): new () => { which(): string } {
  @Service({ name: 'versions', version })
  @Group(`versions.${version.replace(/\W/g, '-')}`)
  class Versions {
    @Endpoint()
    which(): string {
      return version;
    }
  }
  return Versions;
}
type Versions = { which(): string };

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let client: ServiceClient;

  beforeEach(async () => {
    connection = await library.connect();
    client = new ServiceClient(connection, { discovery: { stall: 200 } });
  });
  afterEach(() => client.close());

  test('methods are called by their names, with payload and reply in plain JSON', async () => {
    await start(Calculator, { connection });
    const calculator = await client.service<Calculator>('calculator');
    expect(await calculator.add({ a: 1, b: 2 })).toBe(3);
    expect(await calculator.nothing()).toBeUndefined();
  });

  test('a method whose endpoint has another name is found by its own', async () => {
    await start(Calculator, { connection });
    const calculator = await client.service<Calculator>('calculator');
    expect(await calculator.subtract({ a: 3, b: 2 })).toBe(1);
  });

  test('bytes go as they are, and come as they are where they are asked for', async () => {
    await start(Calculator, { connection });
    const calculator = await client.service<Calculator>('calculator');
    const reply = await calculator.reverse(Uint8Array.of(1, 2, 255), { as: 'bytes' });
    expect([...reply]).toEqual([255, 2, 1]);
    await expect(calculator.reverse(Uint8Array.of(123, 0))).rejects.toThrow(
      "the reply of math.reverse is not JSON; call it with { as: 'text' } or { as: 'bytes' }",
    );
  });

  test('named tokens of a subject take their values from params', async () => {
    await start(Calculator, { connection });
    const calculator = await client.service<Calculator>('calculator');
    expect(await calculator.at(undefined, { params: { list: 'primes', index: 3 } })).toEqual({
      list: 'primes',
      index: '3',
    });
  });

  test('so do those of a subject that is called without a service', async () => {
    await start(Calculator, { connection });
    const params = { list: 'primes', index: 3 };
    const value = { list: 'primes', index: '3' };
    expect(await client.call('math.{list}.at.{index}', undefined, { params })).toEqual(value);
    const reply = await client.request('math.{list}.at.{index}', undefined, { params });
    expect(reply).toMatchObject({ data: value, subject: 'math.primes.at.3' });
  });

  test.each([
    [{ list: 'a' }, /needs a value for {index}/],
    [{ list: 'a', index: '' }, /params.index is ""/],
    [{ list: 'a.b', index: 1 }, /params.list is "a.b"/],
    [{ list: '*', index: 1 }, /params.list is "\*"/],
    [{ list: '>', index: 1 }, /params.list is ">"/],
    [{ list: 'a b', index: 1 }, /params.list is "a b"/],
    [{ list: 'a\r\nPUB x 0', index: 1 }, /params.list/],
    [{ list: 'a', index: 1, more: 1 }, /has no token {more}/],
    [{ list: 'a'.repeat(1100), index: 1 }, /is longer than 1024 characters/],
  ])('params %j are refused before anything is sent', async (params, message) => {
    await start(Calculator, { connection });
    const calculator = await client.service<Calculator>('calculator');
    await expect(calculator.at(undefined, { params })).rejects.toThrow(message);
  });

  test('an unknown method names the endpoints found', async () => {
    await start(Calculator, { connection });
    const calculator = await client.service<{ multiply(): number }>('calculator');
    await expect(calculator.multiply()).rejects.toThrow(
      'service "calculator" has no endpoint "multiply"; found add, subtract, at, nothing, reverse',
    );
  });

  test('a service that nobody answers for is a 503 at once', async () => {
    await using patient = new ServiceClient(connection, { discovery: { timeout: 600_000, stall: 600_000 } });
    const error = await patient.service('nobody').catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: 503, description: 'nobody answers as service "nobody"' });
  });

  describe('version ranges', () => {
    beforeEach(() =>
      start([versionOf('1.2.0'), versionOf('1.10.0'), versionOf('2.0.0'), versionOf('3.0.0-rc.1')], { connection }),
    );

    test.each([
      ['^1.0.0', '1.10.0'],
      ['~1.2.0', '1.2.0'],
      ['2.x', '2.0.0'],
      ['>=1 <3', '2.0.0'],
      ['*', '2.0.0'],
      ['^3.0.0-rc.0', '3.0.0-rc.1'],
    ])('%s calls %s', async (version, expected) => {
      const versions = await client.service<Versions>('versions', { version });
      expect(await versions.which()).toBe(expected);
    });

    test('1.x and 2.x can be called side by side', async () => {
      const [one, two] = await Promise.all(
        ['1.x', '2.x'].map((version) => client.service<Versions>('versions', { version })),
      );
      expect(await Promise.all([one!.which(), two!.which(), one!.which()])).toEqual(['1.10.0', '2.0.0', '1.10.0']);
    });

    test.each(['^3.0.0', '^4.0.0'])('none that matches %s names the versions found', async (version) => {
      await expect(client.service('versions', { version })).rejects.toThrow(
        `no running instance of service "versions" satisfies version ${version}; found 3.0.0-rc.1, 2.0.0, 1.10.0, 1.2.0`,
      );
    });

    test('what is not a range is refused', async () => {
      await expect(client.service('versions', { version: 'newest' })).rejects.toThrow(
        'version must be a SemVer range such as "^1.0.0", got "newest"',
      );
    });
  });

  test('calls go on while versions share a subject, whichever of them answers', async () => {
    @Service({ name: 'calculator', version: '2.0.0' })
    @Group('math')
    class Next {
      @Endpoint()
      add(): number {
        return 0;
      }
    }
    await start(Calculator, { connection });
    await start(Next, { connection });
    const calculator = await client.service<Calculator>('calculator', { version: '^1.0.0' });
    for (let i = 0; i < 10; i++) expect([0, 2]).toContain(await calculator.add({ a: 1, b: 1 }));
    expect(await calculator.nothing()).toBeUndefined();
  });

  test('one instance is called by its id where its subjects are its own', async () => {
    const [{ services }] = await Promise.all([
      start(versionOf('1.0.0'), { connection }),
      start(Calculator, { connection }),
    ]);
    const versions = await client.service<Versions>('versions', { id: services[0]!.id });
    expect(await versions.which()).toBe('1.0.0');
    await expect(client.service('versions', { id: 'GONE' })).rejects.toMatchObject({ code: 503 });
  });

  test('one instance among others on the same subject cannot be called alone, and the error says so', async () => {
    const { services } = await start(Calculator, { connection });
    await start(Calculator, { connection });
    const calculator = await client.service<Calculator>('calculator', { id: services[0]!.id });
    await expect(calculator.add({ a: 1, b: 1 })).rejects.toThrow(/cannot be called on instance .* alone/);
  });

  test('endpoints of the same name are distinguished by their group', async () => {
    @Group('b')
    class B {
      @Endpoint()
      where(): string {
        return 'b';
      }
    }
    @Service({ name: 'twins', version: '1.0.0', groups: [B] })
    class Twins {
      @Endpoint()
      @Group('a.x')
      where(): string {
        return 'a';
      }
    }
    await start(Twins, { connection });
    expect(await (await client.service<Twins>('twins', { group: 'a' })).where()).toBe('a');
    expect(await (await client.service<B>('twins', { group: 'b' })).where()).toBe('b');
    const either = await client.service<Twins>('twins');
    await expect(either.where()).rejects.toThrow(/several endpoints "where", on a.x.where and b.where; say which/);
    await expect(client.service('twins', { group: 'c' })).rejects.toThrow(
      /no endpoint in the group "c"; found the subjects/,
    );
  });

  describe('an impostor of a higher version on other subjects', () => {
    beforeEach(async () => {
      await start(Calculator, { connection });
      const impostor = {
        ...{ name: 'calculator', id: 'IMPOSTOR', version: '1.99.0', metadata: {} },
        endpoints: [{ name: 'add', subject: 'stolen.add' }],
      };
      connection.subscribe('$SRV.INFO.calculator', {
        callback: (_error, message) => message.respond(JSON.stringify(impostor)),
      });
      connection.subscribe('stolen.add', { callback: (_error, message) => message.respond('666') });
    });

    test('takes the calls of a client that does not say where the service is', async () => {
      const calculator = await client.service<Calculator>('calculator', { version: '^1.0.0' });
      expect(await calculator.add({ a: 1, b: 2 })).toBe(666);
    });

    test.each(['math.>', ['math.add', '*.at.*', 'math.*'], 'math.*'])(
      'gets no call where subjects is %j',
      async (subjects) => {
        const calculator = await client.service<Calculator>('calculator', { version: '^1.0.0', subjects });
        expect(await calculator.add({ a: 1, b: 2 })).toBe(3);
      },
    );

    test('an endpoint that is elsewhere only is refused, and the error says where it is', async () => {
      const calculator = await client.service<Calculator>('calculator', { subjects: 'math.nothing' });
      await expect(calculator.add({ a: 1, b: 2 })).rejects.toThrow(
        'endpoint "add" of service "calculator" is on stolen.add, not within the subjects math.nothing',
      );
    });

    test('a service that is elsewhere altogether is refused', async () => {
      await expect(client.service('calculator', { subjects: ['calc.>', 'sums.>'] })).rejects.toThrow(
        /service "calculator" has no endpoint within the subjects calc.>, sums.>; found the subjects stolen.add, math.add/,
      );
    });

    test.each([
      ['a b', 'subjects: "a b" holds white space'],
      [[], 'subjects must not be empty'],
      [['a.>.b'], 'subjects: "a.>.b" has ">" before its end'],
    ])('subjects %j is refused', async (subjects, message) => {
      await expect(client.service('calculator', { subjects })).rejects.toThrow(message);
    });
  });

  test('subjects are looked up again when nobody answers any more', async () => {
    const moving = (prefix: string): new () => { where(): string } => {
      @Service({ name: 'moving', version: '1.0.0' })
      @Group(prefix)
      class Moving {
        @Endpoint()
        where(): string {
          return prefix;
        }
      }
      return Moving;
    };
    const { host: before } = await start(moving('here'), { connection });
    const service = await client.service<{ where(): string }>('moving');
    expect(await service.where()).toBe('here');
    await before.stop();
    await start(moving('there'), { connection });
    expect(await service.where()).toBe('there');
  });

  test('endpoints that are added later are found', async () => {
    const { services } = await start(Calculator, { connection });
    const calculator = await client.service<Calculator & { double(n: number): number }>('calculator');
    await services[0]!.addEndpoint('double', (n: number) => 2 * n);
    expect(await calculator.double(21)).toBe(42);
  });
});

onEachServer((server) => {
  test('entries of INFO that take events are not offered for calling', async () => {
    const connection: NatsConnection = await connectNats2({ servers: server.url });
    const entry = (name: string, metadata: object): object => ({ name, subject: name, queue_group: 'q', metadata });
    connection.subscribe('$SRV.INFO.mixed', {
      callback: (_error, message) =>
        void message.respond(
          JSON.stringify({
            type: 'io.nats.micro.v1.info_response',
            ...{ name: 'mixed', id: 'A', version: '1.0.0', metadata: {}, description: '' },
            endpoints: [entry('get', {}), entry('mail', { kind: 'event' })],
          }),
        ),
    });
    connection.subscribe('get', { callback: (_error, message) => void message.respond('1') });
    await connection.flush();
    const client = new ServiceClient(connection);
    const mixed = await client.service('mixed');
    expect(Object.keys(mixed)).toEqual(['get']);
    expect(await mixed.get!({})).toBe(1);
    await expect(mixed.mail!({})).rejects.toThrow('service "mixed" has no endpoint "mail"; found get');
    await expect(client.gather({ service: 'mixed', endpoint: 'mail' })).rejects.toThrow(/no endpoint "mail"/);
    await connection.close();
  });

  test('two endpoints of a foreign service on one subject are callable by name', async () => {
    const connection: NatsConnection = await connectNats2({ servers: server.url });
    const service = await connection.services.add({ name: 'demo', version: '1.0.0' });
    const handler = (_error: unknown, message: { respond(body: string): boolean }): void =>
      void message.respond('"here"');
    service.addEndpoint('default', { handler, subject: 'demo.default', queue: 'q' });
    service.addEndpoint('default', { handler, subject: 'demo.default', queue: 'endpoint-group' });
    service.addEndpoint('other', { handler, subject: 'demo.default' });
    await using client = new ServiceClient(connection, { discovery: { stall: 40 } });
    const demo = await client.service('demo');
    expect(await demo.default!(undefined)).toBe('here');
    expect(await demo.other!(undefined)).toBe('here');
    await connection.close();
  });

  test('endpoints whose metadata has numbers, and means something else by "method", are callable by name', async () => {
    const connection: NatsConnection = await connectNats2({ servers: server.url });
    const endpoints = ['list', 'create'].map((name) => ({
      ...{ name, subject: `books.${name}`, queue_group: 'q' },
      metadata: { replicas: 3, method: name === 'list' ? 'GET' : 'POST it\u001b' },
    }));
    const info = { name: 'books', id: 'B7', version: '1.0.0', metadata: { nodes: 2 }, endpoints };
    connection.subscribe('$SRV.INFO.books', { callback: (_, message) => void message.respond(JSON.stringify(info)) });
    connection.subscribe('books.*', {
      callback: (_, message) => void message.respond(JSON.stringify(message.subject)),
    });
    await using client = new ServiceClient(connection, { discovery: { stall: 40 } });
    const books = await client.service('books');
    expect(await books.list!(undefined)).toBe('books.list');
    expect(await books.create!(undefined)).toBe('books.create');
    expect(await client.info('books')).toMatchObject([{ metadata: { nodes: '2' } }]);
    await connection.close();
  });

  test('services of the nats 2 services module are called like any other', async () => {
    const connection: NatsConnection = await connectNats2({ servers: server.url });
    const service = await connection.services.add({ name: 'stock', version: '1.0.0' });
    service.addGroup('stock').addEndpoint('count', {
      handler(_error, message) {
        const { item } = message.json<{ item: string }>();
        if (item === '') message.respondError(400, 'no item', Buffer.from('{"field":"item"}'));
        else message.respond(JSON.stringify(item.length));
      },
    });
    await using client = new ServiceClient(connection);
    const stock = await client.service<{ count(payload: { item: string }): number }>('stock');
    expect(await stock.count({ item: 'abc' })).toBe(3);
    await expect(stock.count({ item: '' })).rejects.toMatchObject({
      code: 400,
      description: 'no item',
      data: { field: 'item' },
    });
    await connection.close();
  });
});
