import { ServiceClient, type ReplyProblem } from '@natsmith/client';
import { Endpoint, Service } from '@natsmith/core';
import { setTimeout as delay } from 'node:timers/promises';
import { Cable } from '#test/cable';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { until } from '#test/until';

@Service({ name: 'clock', version: '1.0.0' })
class Clock {
  @Endpoint()
  now(): number {
    return 0;
  }
}

onEachServerAndClient((server, library) => {
  const { start } = useHosts();
  let cable: Cable;
  let connection: Connection;
  let client: ServiceClient;
  let changes: string[];
  let ended: AbortController;
  let watching: Promise<void>;

  async function watch(interval = 20, onProblem?: (problem: ReplyProblem) => void): Promise<void> {
    for await (const { type, service } of client.watch({ interval, signal: ended.signal, onProblem }))
      changes.push(`${service.name} ${type}`);
  }

  beforeEach(async () => {
    cable = await Cable.to(server.port);
    connection = await library.connect({
      servers: `127.0.0.1:${cable.port}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 20,
    });
    client = new ServiceClient(connection, { discovery: { stall: 20, timeout: 200 } });
    changes = [];
    ended = new AbortController();
  });
  afterEach(async () => {
    ended.abort();
    // The connection may be closed by now.
    await watching.catch(() => undefined);
    await client.close();
    cable.close();
  });

  test('nobody has left while the watcher is cut off, nor when it is back', async () => {
    await start(Clock, { connection: await library.connect() });
    watching = watch();
    await until(() => changes.length === 1);
    cable.cut();
    await delay(600);
    cable.mend();
    await until(() => client.status === 'connected');
    await delay(300);
    expect(changes).toEqual(['clock joined']);
  });

  test('nobody has left while the link swallows everything', async () => {
    await start(Clock, { connection: await library.connect() });
    watching = watch();
    await until(() => changes.length === 1);
    cable.swallow();
    await delay(700);
    expect(changes).toEqual(['clock joined']);
  });

  test('an instance that left while the watcher was cut off is reported a while after it is back', async () => {
    const { host } = await start(Clock, { connection: await library.connect() });
    watching = watch();
    await until(() => changes.length === 1);
    cable.cut();
    await host.stop();
    cable.mend();
    await until(() => changes.length === 2);
    expect(changes).toEqual(['clock joined', 'clock left']);
  });

  test('a watch ends at once with its signal, also in the middle of a look', async () => {
    let asked = 0;
    const silent = await library.connect();
    silent.subscribe('$SRV.PING', { callback: () => void asked++ });
    await silent.flush();
    client = new ServiceClient(connection, { discovery: { timeout: 600_000 } });
    watching = watch();
    await until(() => asked > 0);
    ended.abort();
    await watching;
  });

  test('leaving the loop ends the watch', async () => {
    watching = Promise.resolve();
    await start(Clock, { connection: await library.connect() });
    for await (const { type } of client.watch({ interval: 10 })) {
      expect(type).toBe('joined');
      break;
    }
    const sent = connection.stats().outMsgs;
    await delay(60);
    expect(connection.stats().outMsgs).toBe(sent);
  });

  test('an instance that still answers, but with something that cannot be used, has not left', async () => {
    const service = await library.connect();
    let isBroken = false;
    const good = JSON.stringify({ name: 'odd', id: 'O1', version: '1.0.0' });
    for (const subject of ['$SRV.PING', '$SRV.PING.odd.O1'])
      service.subscribe(subject, { callback: (_error, message) => message.respond(isBroken ? 'broken' : good) });
    await service.flush();
    const problems: ReplyProblem[] = [];
    watching = watch(10, (problem) => problems.push(problem));
    await until(() => changes.length === 1);
    isBroken = true;
    await delay(200);
    expect(changes).toEqual(['odd joined']);
    expect(problems).toEqual([{ reason: 'a service that answered PING sent something other than a JSON object' }]);
  });

  test('a flood of invented instances fills no memory, and is a problem', async () => {
    const service = await library.connect();
    let count = 0;
    service.subscribe('$SRV.PING', {
      callback: (_error, message) => {
        for (let i = 0; i < 4_000; i++)
          message.respond(JSON.stringify({ name: 'fake', id: `F${++count}`, version: '1.0.0' }));
      },
    });
    // Each that is known is asked by id; all seem to be there.
    service.subscribe('$SRV.PING.fake.*', {
      callback: (_error, message) =>
        message.respond(JSON.stringify({ name: 'fake', id: message.subject.split('.')[3], version: '1.0.0' })),
    });
    await service.flush();
    client = new ServiceClient(connection, { discovery: { stall: 100, timeout: 2_000 } });
    const problems: ReplyProblem[] = [];
    watching = watch(10, (problem) => problems.push(problem));
    await until(() => problems.length > 0);
    expect(problems[0]).toEqual({ reason: 'more than 10000 instances answer; those beyond are not watched' });
    expect(changes.length).toBeLessThanOrEqual(10_000);
  });
});
