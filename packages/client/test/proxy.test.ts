import { ServiceClient, type AnyService, type ServiceProxy } from '@natsmith/client';
import { Endpoint, Service } from '@natsmith/core';
import pino from 'pino';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';

@Service({ name: 'shop', version: '1.0.0' })
class Shop {
  @Endpoint({ request: Number })
  double(n: number): number {
    return 2 * n;
  }

  @Endpoint('take-away')
  take(): string {
    return 'taken';
  }

  @Endpoint()
  inspect(): string {
    return 'inspected';
  }
}

/** Names that every object has, or that whoever awaits or prints it asks for. */
@Service({ name: 'awkward', version: '1.0.0' })
class Awkward {
  @Endpoint('then')
  after(): string {
    return 'then';
  }

  @Endpoint('toJSON')
  json(): string {
    return 'toJSON';
  }

  @Endpoint('toString')
  text(): string {
    return 'toString';
  }

  @Endpoint('constructor')
  build(): string {
    return 'constructor';
  }
}

@Service({ name: 'leaving', version: '1.0.0' })
class Leaving {
  @Endpoint()
  wave(): string {
    return 'bye';
  }
}

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let client: ServiceClient;
  let shop: ServiceProxy<AnyService>;

  beforeEach(async () => {
    connection = await library.connect();
    client = new ServiceClient(connection, { discovery: { stall: 40 } });
    await start([Shop, Awkward], { connection });
    shop = await client.service('shop');
  });
  afterEach(() => client.close());

  describe('a proxy is an ordinary object to everything but its calls, and sends nothing', () => {
    let sent: number;
    let lost: unknown[];
    const onLost = (reason: unknown): unknown => lost.push(reason);
    beforeEach(() => {
      sent = connection.stats().outMsgs;
      lost = [];
      process.on('unhandledRejection', onLost);
    });
    afterEach(async () => {
      await new Promise(setImmediate);
      process.off('unhandledRejection', onLost);
      expect(lost).toEqual([]);
      expect(connection.stats().outMsgs).toBe(sent);
    });

    test('to be awaited', async () => {
      const value: unknown = shop;
      expect(await value).toBe(shop);
      expect(await Promise.all([value, Promise.resolve(value)])).toEqual([shop, shop]);
    });

    test('to be written as JSON', () => {
      expect(JSON.stringify({ shop })).toBe('{"shop":{}}');
    });

    test('to be made a string, a number or a key', () => {
      expect(`${shop as unknown as string}`).toBe('[object service shop]');
      expect(String(shop as unknown)).toBe('[object service shop]');
      expect(Number(shop)).toBeNaN();
      expect({ [shop as unknown as string]: 1 }).toEqual({ '[object service shop]': 1 });
    });

    test('to be printed', () => {
      expect(inspect(shop)).toContain('service shop');
      expect(format('%s %o %j', shop, shop, shop)).toContain('service shop');
      expect(inspect({ shop }, { showProxy: true, depth: 5 })).toContain('Proxy');
    });

    test('to be logged', async () => {
      const lines: string[] = [];
      const stream = new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(chunk.toString());
          done();
        },
      });
      const logger = pino(stream);
      logger.info({ shop, err: shop }, 'made %s %o', shop, shop);
      await new Promise(setImmediate);
      expect(lines.join('')).toContain('"shop":{}');
    });

    test('to be compared', () => {
      expect(shop).toEqual(shop);
      expect({ shop }).toEqual({ shop });
      expect(shop).not.toEqual({ double: 1 });
      expect({ a: 1 }).not.toEqual(shop);
      expect(() => expect(shop).toBe(1)).toThrow(/Expected: 1/);
      expect(() => expect(shop).toEqual({ a: 1 })).toThrow(/Expected/);
      expect(() => expect({ a: [shop] }).toMatchObject({ a: [{ b: 1 }] })).toThrow(/Received/);
      expect(shop).toMatchObject({ double: expect.any(Function) as unknown });
    });

    test('to be listed, spread and asked for its names', () => {
      expect(Object.keys(shop)).toEqual(['double', 'take', 'inspect']);
      expect('double' in shop).toBe(true);
      expect('nothing' in shop).toBe(false);
      expect('then' in shop).toBe(false);
      expect('toString' in shop).toBe(true);
      expect(Object.keys({ ...shop })).toEqual(['double', 'take', 'inspect']);
      const names: string[] = [];
      for (const name in shop) names.push(name);
      expect(names).toEqual(['double', 'take', 'inspect']);
      expect(Object.entries(shop)).toHaveLength(3);
    });

    test('to be cloned: a proxy cannot be, as JavaScript has it', () => {
      expect(() => structuredClone(shop)).toThrow(/could not be cloned|can not be cloned/);
    });

    test('to be changed: it stays as it is', () => {
      expect(() => Object.assign(shop, { double: 1 })).toThrow(TypeError);
      expect(() => void delete (shop as { double?: unknown }).double).toThrow(TypeError);
      expect(() => Object.freeze(shop)).toThrow(TypeError);
      expect(() => Object.setPrototypeOf(shop, null) as unknown).toThrow(TypeError);
      expect(shop.constructor).toBe(Object);
    });

    test.each([
      'then',
      'toJSON',
      'catch',
      'asymmetricMatch',
      '$$typeof',
      '_isMockFunction',
      '@@x',
      'nodeType',
      'length',
    ])('to be asked for %s', (name) => {
      expect(shop[name]).toBeUndefined();
    });
  });

  test('a name that the service has is a call, also where libraries ask values for it', async () => {
    expect(await shop.inspect!(undefined)).toBe('inspected');
    const { double } = shop;
    expect(await double!(4)).toBe(8);
    expect(await { ...shop }.double!(4)).toBe(8);
  });

  test('an endpoint is called by its own name where its method has another one', async () => {
    expect(await shop['take-away']!(undefined)).toBe('taken');
    expect(await shop.take!(undefined)).toBe('taken');
  });

  test('a call of an unknown name says what there is, and ends no process', async () => {
    const lost: unknown[] = [];
    const onLost = (reason: unknown): unknown => lost.push(reason);
    process.on('unhandledRejection', onLost);
    void shop.trible!(1);
    await expect(shop.trible!(1)).rejects.toThrow(
      'service "shop" has no endpoint "trible"; found double, take, inspect',
    );
    await new Promise((resolve) => setTimeout(resolve, 60));
    process.off('unhandledRejection', onLost);
    expect(lost).toEqual([]);
  });

  test('a call of a service that has ended says so, and ends no process', async () => {
    const { host } = await start(Leaving, { connection: await library.connect() });
    const leaving = await client.service<Leaving>('leaving');
    expect(await leaving.wave()).toBe('bye');
    await host.stop();
    const lost: unknown[] = [];
    const onLost = (reason: unknown): unknown => lost.push(reason);
    process.on('unhandledRejection', onLost);
    await expect(leaving.wave()).rejects.toMatchObject({ code: 503 });
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    process.off('unhandledRejection', onLost);
    expect(lost).toEqual([]);
  });

  test('endpoints that are named as what every object has are called by their subject', async () => {
    const awkward = await client.service('awkward');
    expect(String(awkward as unknown)).toBe('[object service awkward]');
    expect(JSON.stringify(awkward)).toBe('{}');
    expect(awkward.constructor).toBe(Object);
    expect(Object.keys(awkward)).toEqual(['after', 'json', 'text', 'build']);
    expect(await awkward.text!(undefined)).toBe('toString');
    for (const subject of ['then', 'toJSON', 'toString', 'constructor'])
      expect(await client.call(subject)).toBe(subject);
  });
});
