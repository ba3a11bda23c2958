import 'reflect-metadata';
import {
  connect,
  type Container,
  type DefinitionError,
  Endpoint,
  Group,
  NatsServiceFactory,
  Service,
} from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { type NatsConnection } from 'nats';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { Stage } from '#test/stage';

// #region classes
class Database {
  readonly prices = new Map([['tea', 4]]);
}

@Group('stock')
class Stock {
  constructor(private readonly db: Database) {}

  @Endpoint()
  has(sku: string): boolean {
    return this.db.prices.has(sku);
  }
}

@Service({ name: 'shop', version: '1.0.0', groups: [Stock] })
class Shop {
  constructor(private readonly db: Database) {}

  @Endpoint()
  price(sku: string): number | undefined {
    return this.db.prices.get(sku);
  }
}
// #endregion

@Service({ name: 'cashier', version: '1.0.0' })
class Cashier {
  constructor(private readonly client: ServiceClient) {}

  @Endpoint()
  total(sku: string): Promise<number> {
    return this.client.call('price', sku);
  }
}

const steps: string[] = [];
class Stepping {
  constructor(private readonly name: string) {}
  onStart(): void {
    steps.push(`start ${this.name}`);
    if (this.name === 'failing') throw new Error('not today');
  }
  onStop(): void {
    steps.push(`stop ${this.name}`);
  }
  @Endpoint() hello(): string {
    return this.name;
  }
}
@Group('inner')
class Inner extends Stepping {}
@Service({ name: 'outer', version: '1.0.0', groups: [Inner] })
class Outer extends Stepping {}

beforeEach(() => (steps.length = 0));

onEachServer((server) => {
  it('an instance serves in place of its class, a mounted group beside its service', async () => {
    const db = new Database();
    const shop = new Shop(db);
    const stock = new Stock(db);
    await using stage = await Stage.start(server, [shop, stock]);

    expect((await stage.call('price', '"tea"')).value).toBe(4);
    expect((await stage.call('stock.has', '"tea"')).value).toBe(true);
    db.prices.delete('tea');
    expect((await stage.call('stock.has', '"tea"')).value).toBe(false);
    expect(stage.host.get(Shop)).toBe(shop);
    expect(stage.host.get(Stock)).toBe(stock);
  });

  it('instances share what they were made with', async () => {
    const options = { connection: { servers: server.url }, signals: false, logger: false } as const;
    // #region instances
    const db = new Database();
    const host = await NatsServiceFactory.create([new Shop(db), new Stock(db)], options);
    // #endregion
    expect(host.get(Shop).price('tea')).toBe(4);
    expect(host.services.map(({ name }) => name)).toEqual(['shop']);
    await host.stop();
  });

  it('instances are started and stopped as made ones are, in the order of services and groups', async () => {
    await using stage = await Stage.start(server, [new Inner('group'), new Outer('service')]);
    expect(steps).toEqual(['start service', 'start group']);
    await stage.host.stop();
    expect(steps).toEqual(['start service', 'start group', 'stop group', 'stop service']);
  });

  it('a container is asked for what was not given as an instance only', async () => {
    const db = new Database();
    const asked: string[] = [];
    const container: Container = {
      get: (target) => {
        asked.push(target.name);
        return new target(db);
      },
    };
    await using stage = await Stage.start(server, new Shop(db), { container });
    expect((await stage.call('stock.has', '"tea"')).value).toBe(true);
    expect(asked).toEqual(['Stock']);
  });

  describe('an instance with a property "then" is not waited for as a promise is', () => {
    const thenable = <T extends object>(value: T): T => Object.assign(value, { then: () => undefined });
    @Service({ name: 'then', version: '1.0.0' })
    class Then {
      then = (): undefined => undefined;
      @Endpoint() now(): string {
        return 'now';
      }
    }
    const container: Container = { get: (target) => new target() };

    it.each([
      ['made by natsmith', Then, {}],
      ['given', new Then(), {}],
      ['from a container', Then, { container }],
      ['from a container that has one itself', Then, { container: thenable({ ...container }) }],
      [
        'from a container that was made from the connection and has one',
        Then,
        { container: () => thenable({ ...container }) },
      ],
      ['from an async function that makes a container', Then, { container: () => Promise.resolve(container) }],
    ])('%s', async (_, target, options) => {
      await using stage = await Stage.start(server, target, options);
      expect((await stage.call('now')).value).toBe('now');
      expect(stage.host.get(Then)).toBeInstanceOf(Then);
    });
  });

  it('a start that fails stops given instances, too', async () => {
    const failing = [new Outer('service'), new Inner('failing')];
    await expect(Stage.start(server, failing)).rejects.toThrow('not today');
    expect(steps).toEqual(['start service', 'start failing', 'stop service']);
  });
});

onEachServerAndClient((server, client) => {
  it('a container can be made from the connection that was given', async () => {
    const connection = await client.connect();
    const db = new Database();
    const host = await NatsServiceFactory.create([new Shop(db), new Stock(db), Cashier], {
      connection,
      signals: false,
      logger: false,
      container: (given) => {
        expect(given).toBe(connection);
        return { get: (target) => new target(new ServiceClient(given)) };
      },
    });
    expect(JSON.parse((await connection.request('total', '"tea"')).string())).toBe(4);
    await host.stop();
    expect(connection.isClosed()).toBe(false);
  });
});

onEachServer((server) => {
  it("a container can be made from the host's own connection, which the host closes", async () => {
    const db = new Database();
    const quiet = { connection: { servers: server.url }, signals: false, logger: false } as const;
    // #region connection
    const host = await NatsServiceFactory.create([new Shop(db), new Stock(db), Cashier], {
      ...quiet,
      container: (connection) => {
        const client = new ServiceClient(connection);
        return { get: (Class) => new Class(client) };
      },
    });
    // #endregion
    await expect(host.get(Cashier).total('tea')).resolves.toBe(4);
    await host.stop();
    expect(host.connection.isClosed()).toBe(true);
  });

  it.each<[string, (connection: NatsConnection) => Container, string]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
      'no database',
    ],
    ['rejects', () => Promise.reject(new Error('no database')) as never, 'no database'],
    [
      'gives no container',
      () => undefined as never,
      'container must be { get(Class) }, or a function of the connection that returns one; got undefined',
    ],
  ])('a function that %s makes create() reject, and the connection is closed', async (_, make, words) => {
    let made: NatsConnection | undefined;
    const container = (connection: NatsConnection): Container => {
      made = connection;
      return make(connection);
    };
    await expect(Stage.start(server, Cashier, { container })).rejects.toThrow(words);
    expect(made?.isClosed()).toBe(true);
  });

  it('connect() makes the connection first, for what a service needs', async () => {
    const options = { servers: server.url };
    const quiet = { signals: false, logger: false } as const;
    const db = new Database();
    // #region connect
    const connection = await connect(options);
    const cashier = new Cashier(new ServiceClient(connection));
    const host = await NatsServiceFactory.create([new Shop(db), new Stock(db), cashier], { ...quiet, connection });
    // #endregion
    await expect(host.get(Cashier).total('tea')).resolves.toBe(4);
    await host.stop();
    expect(connection.isClosed()).toBe(false);
    await connection.close();
  });
});

describe('what is refused before connecting', () => {
  const db = new Database();
  class Plain {}
  const refused = async (...targets: object[]): Promise<string[]> => {
    const error = await NatsServiceFactory.create(targets, { connection: { servers: 'nats://127.0.0.1:1' } }).catch(
      (thrown: unknown) => thrown,
    );
    return (error as DefinitionError).mistakes.map(({ where, problem }) => `${where} ${problem}`);
  };

  it.each<[string, object[], string]>([
    [
      'a group that no service mounts',
      [new Outer('a'), new Inner('b'), new Stock(db)],
      'create() was given an instance of Stock, a group that none of the services mounts; mount it, @Service({ groups: [Stock] }), or leave the instance out',
    ],
    [
      'an instance of a plain class',
      [new Outer('a'), new Inner('b'), new Plain()],
      'create() was given an instance of Plain, which has neither @Service nor @Group; decorate the class, or leave the instance out',
    ],
    [
      'a class and its instance',
      [Shop, new Shop(db), new Stock(db)],
      'Shop is given as a class and as an instance; keep the instance',
    ],
    [
      'two instances of one class',
      [new Shop(db), new Shop(db), new Stock(db)],
      'Shop is given as two instances; a host runs one instance of a class, so make a create() for each',
    ],
  ])('%s', async (_, targets, message) => {
    const mistakes = await refused(...targets);
    expect(mistakes).toContain(message);
  });

  it('a group that is not given wants its arguments still', async () => {
    expect(await refused(new Shop(db))).toEqual([
      'Stock has a constructor with 1 parameter(s) and natsmith makes instances with "new Stock()"; give create() an ' +
        'instance, new Stock(...), or a container: ' +
        'create(..., { container: { get: (Class) => yourContainer.resolve(Class) } })',
    ]);
  });
});
