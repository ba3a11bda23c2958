import { ServiceClient, type ServiceChange } from '@natsmith/client';
import { Endpoint, Service } from '@natsmith/core';
import { connect as connectNats2, headers, type NatsConnection } from 'nats';
import { type Connection } from '#test/connection';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';

@Service({ name: 'clock', version: '1.0.0', description: 'Time', metadata: { zone: 'utc' } })
class Clock {
  @Endpoint()
  now(): number {
    return 0;
  }
}

@Service({ name: 'dice', version: '2.0.0' })
class Dice {
  @Endpoint()
  roll(): number {
    return 4;
  }
}

onEachServerAndClient((server, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let client: ServiceClient;

  beforeEach(async () => {
    connection = await library.connect();
    client = new ServiceClient(connection);
  });
  afterEach(() => client.close());

  test('ping, info and stats gather the replies of all services, of a name, and of one instance', async () => {
    const { services } = await start([Clock, Dice], { connection });
    const [clock] = (await start(Clock, { connection })).services;

    expect((await client.ping()).map(({ name }) => name).sort()).toEqual(['clock', 'clock', 'dice']);
    expect((await client.info('clock')).map(({ description }) => description)).toEqual(['Time', 'Time']);
    const stats = await client.stats('clock', clock!.id);
    expect(stats).toMatchObject([{ id: clock!.id, endpoints: [{ name: 'now', num_requests: 0 }] }]);
    expect(services[0]!.id).not.toBe(clock!.id);
    for (const { rtt } of stats) expect(rtt).toBeGreaterThan(0);
  });

  test('replies can be iterated as they arrive, and awaited as well', async () => {
    await start([Clock, Dice], { connection });
    const replies = client.ping();
    const names: string[] = [];
    for await (const { name } of replies) names.push(name);
    expect(names.sort()).toEqual(['clock', 'dice']);
    expect(await replies).toHaveLength(2);
  });

  test('leaving the loop does not wait for the rest', async () => {
    await start(Clock, { connection });
    for await (const { name } of client.ping(undefined, undefined, { stall: 600_000, timeout: 600_000 })) {
      expect(name).toBe('clock');
      break;
    }
  });

  test('one instance is one reply, and no instance none, both at once', async () => {
    const [clock] = (await start(Clock, { connection })).services;
    const wait = { stall: 600_000, timeout: 600_000 };
    expect(await client.ping('clock', clock!.id, wait)).toHaveLength(1);
    expect(await client.ping('nobody', undefined, wait)).toEqual([]);
  });

  test('the wait after the latest reply, and the whole wait, can be set', async () => {
    connection.subscribe('$SRV.PING.slow'); // listens, and does not answer
    expect(await client.ping('slow', undefined, { timeout: 60, stall: 600_000 })).toEqual([]);
    await start(Clock, { connection });
    expect(await client.ping('clock', undefined, { timeout: 600_000, stall: 30 })).toHaveLength(1);
  });

  test('the prefix of the discovery subjects can be another one', async () => {
    connection.subscribe('other.PING', {
      callback: (_error, message) => message.respond(JSON.stringify({ name: 'far', id: 'X', version: '1.0.0' })),
    });
    const far = new ServiceClient(connection, { prefix: 'other' });
    expect(await far.ping(undefined, undefined, { stall: 20 })).toMatchObject([{ name: 'far', metadata: {} }]);
    await far.close();
  });

  test('watch yields the instances that are there, that join and that leave', async () => {
    await start(Clock, { connection });
    const changes: string[] = [];
    const note = ({ type, service }: ServiceChange) => changes.push(`${service.name} ${type}`);
    const watching = (async () => {
      for await (const change of client.watch({ interval: 20 })) {
        note(change);
        if (changes.length === 1)
          void start(Dice, { connection }).then((dice) => setTimeout(() => void dice.host.stop(), 500));
        if (changes.length === 3) break;
      }
    })();
    await watching;
    expect(changes).toEqual(['clock joined', 'dice joined', 'dice left']);
  });

  test('a watch ends with its signal, and with the client', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 30);
    setTimeout(() => void client.close(), 60);
    for await (const change of client.watch({ signal: abort.signal })) expect(change).toBeUndefined();
    await expect(
      (async () => {
        for await (const change of client.watch()) expect(change).toBeUndefined();
      })(),
    ).resolves.toBeUndefined();
  });

  test('connect makes the connection by options and closes it; a given one stays open', async () => {
    const own = await ServiceClient.connect({ connection: { servers: server.url } });
    expect(await own.ping()).toEqual([]);
    await own.close();
    expect(own.connection.isClosed()).toBe(true);

    const given = await ServiceClient.connect({ connection });
    await given.close();
    expect(connection.isClosed()).toBe(false);
  });
});

describe('services of other languages', () => {
  onEachServer((server) => {
    let connection: NatsConnection;
    let client: ServiceClient;

    beforeEach(async () => {
      connection = await connectNats2({ servers: server.url });
      client = new ServiceClient(connection, { discovery: { stall: 30 } });
    });
    afterEach(async () => {
      await client.close();
      await connection.close();
    });
    const answer = (verb: string, reply: unknown) =>
      connection.subscribe(`$SRV.${verb}`, {
        callback: (_error, message) => message.respond(typeof reply === 'string' ? reply : JSON.stringify(reply)),
      });
    const identity = { name: 'foreign', id: 'ID7', version: '1.0.0' };

    test('the nats 2 services module is understood', async () => {
      const service = await connection.services.add({ name: 'stock', version: '0.1.0', description: 'd' });
      service.addGroup('g').addEndpoint('echo', { handler: (_error, message) => message.respond(message.data) });
      expect(await client.ping('stock')).toMatchObject([{ name: 'stock', version: '0.1.0', metadata: {} }]);
      expect(await client.info('stock')).toMatchObject([{ endpoints: [{ subject: 'g.echo', queue_group: 'q' }] }]);
      expect(await client.stats('stock')).toMatchObject([{ endpoints: [{ num_requests: 0, last_error: '' }] }]);
      await service.stop();
    });

    test('a reply that cannot be used is a problem of the result, and hides none of the others', async () => {
      for (const verb of ['PING', 'INFO', 'STATS']) {
        answer(verb, 'not json');
        answer(verb, { ...identity, endpoints: [], started: '' });
        answer(verb, { ...identity, id: 'x\r\nPUB victim 1\r\n\r\nx' });
      }
      for (const replies of [await client.ping(), await client.info(), await client.stats()]) {
        expect(replies).toMatchObject([{ name: 'foreign', id: 'ID7' }]);
        expect([...replies.problems].sort((a, b) => a.reason.length - b.reason.length)).toEqual([
          { reason: expect.stringMatching(/sent something other than a JSON object$/) as string },
          { from: { name: 'foreign' }, reason: expect.stringMatching(/^service "foreign": "id"/) as string },
        ]);
      }
    });

    test('problems are known to those who iterate, too', async () => {
      answer('PING', 'broken');
      answer('PING', identity);
      const seen: string[] = [];
      const replies = client.ping();
      for await (const { name } of replies) seen.push(name);
      expect(seen).toEqual(['foreign']);
      expect(replies.problems).toHaveLength(1);
    });

    test('the result of an awaited question is a plain array beside its problems', async () => {
      answer('PING', 'broken');
      const replies = await client.ping();
      expect(replies).toStrictEqual([]);
      expect(JSON.stringify(replies)).toBe('[]');
      expect(Object.keys(replies)).toEqual([]);
    });

    test('a problem of the only reply that was asked for is thrown', async () => {
      answer('STATS.foreign.ID7', { ...identity, started: '' });
      await expect(client.stats('foreign', 'ID7')).rejects.toMatchObject({
        name: 'DiscoveryError',
        message: 'service "foreign" (id ID7): "endpoints" is missing',
        problems: [{ from: { name: 'foreign', id: 'ID7' } }],
      });
      answer('PING.foreign.ID7', 'broken');
      answer('PING.foreign.ID7', identity);
      expect(await client.ping('foreign', 'ID7')).toHaveLength(1);
    });

    test('an answer for another service or instance than was asked is a problem', async () => {
      answer('PING.calculator', identity);
      answer('PING.calculator.ID1', { ...identity, name: 'calculator' });
      const { problems } = await client.ping('calculator');
      expect(problems).toEqual([
        {
          from: { name: 'foreign', id: 'ID7' },
          reason: 'service "foreign" (id ID7) answered for service "calculator"',
        },
      ]);
      await expect(client.ping('calculator', 'ID1')).rejects.toThrow(
        'service "calculator" (id ID7) answered for service "calculator" (id ID1)',
      );
    });

    test('an error in the place of a reply is a problem', async () => {
      connection.subscribe('$SRV.STATS', {
        callback: (_error, message) => {
          const lines = headers();
          lines.set('Nats-Service-Error', 'out of order');
          message.respond(undefined, { headers: lines });
        },
      });
      const { problems } = await client.stats();
      expect(problems).toEqual([{ reason: '$SRV.STATS was answered with the error "out of order"' }]);
    });

    test('a flood of replies ends at the limit, and the result says so', async () => {
      connection.subscribe('$SRV.PING', {
        callback: (_error, message) => {
          for (let i = 0; i < 200; i++) message.respond(JSON.stringify({ ...identity, id: `ID${i}` }));
        },
      });
      const replies = await client.ping(undefined, undefined, { max: 50 });
      expect(replies).toHaveLength(50);
      expect(replies.problems).toEqual([{ reason: 'more than 50 replies on $SRV.PING are not read' }]);
    });

    test.each([
      [() => client.ping('a b'), 'service name "a b" may hold only'],
      [() => client.ping('*'), 'service name "*" may hold only'],
      [() => client.info('a', 'b\r\nPUB x 0'), 'id "b\\r\\nPUB x 0" holds white space'],
      [() => client.stats('a', 'b.c'), 'id "b.c" holds "."'],
      [() => client.stats(undefined, 'b'), 'an instance id needs the name of its service'],
      [() => client.ping('a', 'b', { timeout: 0 }), 'timeout must be a positive number, got 0'],
      [() => client.watch({ interval: NaN }), 'interval must be a positive number of milliseconds, got NaN'],
      [() => new ServiceClient(connection, { prefix: 'a b' }), 'prefix "a b" holds white space'],
    ])('%s is refused before anything is sent', (ask, message) => {
      expect(ask).toThrow(message);
    });
  });
});
