import { ServiceClient, type ServiceChange } from '@natsmith/client';
import { Endpoint, Service } from '@natsmith/core';
import { connect as connectNats2, type NatsConnection } from 'nats';
import { type Connection } from '#test/connection';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { useHosts } from './hosts';

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
  const start = useHosts();
  let connection: Connection;
  let client: ServiceClient;

  beforeEach(async () => {
    connection = await library.connect();
    client = new ServiceClient(connection);
  });
  afterEach(() => client.close());

  test('ping, info and stats gather the replies of all services, of a name, and of one instance', async () => {
    const { services } = await start([Clock, Dice], connection);
    const [clock] = (await start(Clock, connection)).services;

    expect((await client.ping()).map(({ name }) => name).sort()).toEqual(['clock', 'clock', 'dice']);
    expect((await client.info('clock')).map(({ description }) => description)).toEqual(['Time', 'Time']);
    const stats = await client.stats('clock', clock!.id);
    expect(stats).toMatchObject([{ id: clock!.id, endpoints: [{ name: 'now', num_requests: 0 }] }]);
    expect(services[0]!.id).not.toBe(clock!.id);
    for (const { rtt } of stats) expect(rtt).toBeGreaterThan(0);
  });

  test('replies can be iterated as they arrive, and awaited as well', async () => {
    await start([Clock, Dice], connection);
    const replies = client.ping();
    const names: string[] = [];
    for await (const { name } of replies) names.push(name);
    expect(names.sort()).toEqual(['clock', 'dice']);
    expect(await replies).toHaveLength(2);
  });

  test('whoever leaves the loop does not wait for the rest', async () => {
    await start(Clock, connection);
    const before = performance.now();
    for await (const { name } of client.ping()) {
      expect(name).toBe('clock');
      break;
    }
    expect(performance.now() - before).toBeLessThan(250);
  });

  test('one instance is asked for one reply, and nobody is no reply: both at once', async () => {
    const [clock] = (await start(Clock, connection)).services;
    const before = performance.now();
    expect(await client.ping('clock', clock!.id)).toHaveLength(1);
    expect(await client.ping('nobody')).toEqual([]);
    expect(performance.now() - before).toBeLessThan(250);
  });

  test('the wait after the latest reply, and the whole wait, can be set', async () => {
    connection.subscribe('$SRV.PING.slow'); // listens, and does not answer
    const before = performance.now();
    expect(await client.ping('slow', undefined, { timeout: 60 })).toEqual([]);
    await start(Clock, connection);
    expect(await client.ping('clock', undefined, { stall: 30 })).toHaveLength(1);
    expect(performance.now() - before).toBeLessThan(280);
  });

  test('the prefix of the discovery subjects can be another one', async () => {
    connection.subscribe('other.PING', {
      callback: (_error, message) => message.respond(JSON.stringify({ name: 'far', id: 'X', version: '1.0.0' })),
    });
    const far = new ServiceClient(connection, { prefix: 'other' });
    expect(await far.ping(undefined, undefined, { stall: 20 })).toMatchObject([{ name: 'far', metadata: {} }]);
    await far.close();
  });

  test('watch tells who is there, who comes and who goes', async () => {
    await start(Clock, connection);
    const changes: string[] = [];
    const note = ({ type, service }: ServiceChange) => changes.push(`${service.name} ${type}`);
    const watching = (async () => {
      for await (const change of client.watch({ interval: 20 })) {
        note(change);
        if (changes.length === 1) void start(Dice, connection).then((dice) => setTimeout(() => void dice.stop(), 500));
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

    test('what may be left out gets its default', async () => {
      answer('PING', { ...identity, metadata: null });
      expect(await client.ping()).toMatchObject([{ metadata: {} }]);
      answer('INFO', { ...identity, endpoints: [{ name: 'e', subject: 's', metadata: null }] });
      expect(await client.info()).toMatchObject([{ description: '', endpoints: [{ queue_group: 'q', metadata: {} }] }]);
      const counts = { num_requests: 1, num_errors: 0, processing_time: 5, average_processing_time: 5 };
      answer('STATS', { ...identity, started: 'x', endpoints: [{ name: 'e', subject: 's', ...counts }] });
      expect(await client.stats()).toMatchObject([{ endpoints: [{ last_error: '', ...counts }] }]);
    });

    test.each([
      ['PING', { id: 'ID7', version: '1.0.0' }, /PING.*"name" is missing/],
      ['PING', { name: 'foreign', version: '1.0.0' }, /service "foreign": "id" is missing/],
      ['PING', { ...identity, version: 1 }, /service "foreign" \(id ID7\): "version" is no text/],
      ['PING', { ...identity, metadata: { a: 1 } }, /"metadata.a" is no text/],
      ['PING', { ...identity, type: 'io.nats.micro.v1.info_response' }, /"type" is "io.nats.micro.v1.info_response"/],
      ['PING', 'hello', /PING sent no JSON object/],
      ['INFO', identity, /service "foreign" \(id ID7\): "endpoints" is missing/],
      ['INFO', { ...identity, endpoints: {} }, /"endpoints" is no list/],
      ['INFO', { ...identity, endpoints: [{ name: 'e' }] }, /"endpoints\[0\].subject" is missing/],
      ['STATS', { ...identity, started: 'x', endpoints: [{ name: 'e', subject: 's' }] }, /num_requests" is missing/],
    ] as const)('%s of %j is refused: %s', async (verb, reply, message) => {
      answer(verb, reply);
      const ask = { PING: () => client.ping(), INFO: () => client.info(), STATS: () => client.stats() }[verb];
      await expect(ask()).rejects.toThrow(message);
    });

    test('a broken reply does not hide the others: they are iterated before it is told, and are in the error', async () => {
      answer('PING', 'broken');
      answer('PING', identity);
      const seen: string[] = [];
      await expect(
        (async () => {
          for await (const { name } of client.ping()) seen.push(name);
        })(),
      ).rejects.toMatchObject({ name: 'DiscoveryError', found: [{ name: 'foreign' }] });
      expect(seen).toEqual(['foreign']);
    });
  });
});
