import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Broker, type BrokerLogger } from '@natsmith/broker';
import { RawClient } from './raw-client';

class Log implements BrokerLogger {
  readonly lines: string[] = [];

  debug(details: object, message: string): void {
    this.lines.push(`debug ${message} ${JSON.stringify(details)}`);
  }

  warn(_: object, message: string): void {
    this.lines.push(`warn ${message}`);
  }
}

describe('a broker', () => {
  test('says what it is and where', async () => {
    await using broker = await Broker.start();
    expect(broker.url).toBe(`nats://127.0.0.1:${broker.port}`);
    expect(String(broker)).toBe(
      `natsmith broker (in-process, for development and tests; JetStream in memory, forgotten at its end; no clustering or persistence) on ${broker.url}`,
    );
  });

  test('has a URL that clients can reach when it listens on all addresses', async () => {
    await using broker = await Broker.start({ host: '0.0.0.0' });
    expect(broker.url).toBe(`nats://127.0.0.1:${broker.port}`);
  });

  test('runs beside others that know nothing of it', async () => {
    await using one = await Broker.start();
    await using other = await Broker.start();
    const [a, b] = [await RawClient.open(one.port), await RawClient.open(other.port)];
    a.send('CONNECT {"verbose":false}\r\nSUB x 1\r\n');
    await a.settle();
    b.send('CONNECT {"verbose":false}\r\nPUB x 0\r\n\r\n');
    await b.settle();
    await a.settle();
    expect(a.received).toBe('');
    expect(a.info.server_id).not.toBe(b.info.server_id);
  });

  test('counts its connections', async () => {
    await using broker = await Broker.start();
    const [a, b] = [await RawClient.open(broker.port), await RawClient.open(broker.port)];
    expect(broker.connections).toBe(2);
    a.send('nonsense');
    await a.until(() => a.closed);
    expect(broker.connections).toBe(1);
    await b.close();
  });

  test('says which port is in use, and what to do', async () => {
    await using first = await Broker.start();
    const refused = expect(Broker.start({ port: first.port })).rejects;
    await refused.toMatchObject({
      code: 'EADDRINUSE',
      message: `The broker cannot listen on 127.0.0.1:${first.port}, the port is in use: stop what listens there, choose another port, or leave port out for a free one (EADDRINUSE)`,
    });
  });

  test('says which host it cannot listen on', async () => {
    await expect(Broker.start({ host: '192.0.2.1' })).rejects.toThrow(
      /192\.0\.2\.1:0, the host is not an address of this/,
    );
  });

  test('stops once, however often stop() is called, and frees its port', async () => {
    const broker = await Broker.start();
    await Promise.all([broker.stop(), broker.stop()]);
    await broker.stop();
    const server = createServer().listen(broker.port, '127.0.0.1');
    await new Promise((resolve) => server.on('listening', resolve));
    server.close();
  });

  test('stops although a client neither reads nor leaves', async () => {
    const broker = await Broker.start();
    const client = await RawClient.open(broker.port);
    client.socket.pause();
    client.send('PING\r\n'.repeat(1000));
    await broker.stop();
    await client.close();
  });

  test('sends what waits before it closes the connections', async () => {
    const broker = await Broker.start();
    const client = await RawClient.open(broker.port);
    client.send('CONNECT {"verbose":false}\r\nSUB x 1\r\n');
    await client.settle();
    client.send('PUB x 2\r\nhi\r\n');
    await delay(20);
    await broker.stop();
    await client.until(() => client.closed);
    expect(client.received).toBe('MSG x 1 2\r\nhi\r\n');
  });

  test('keeps a silent client that answers PING, and cuts off one that does not', async () => {
    await using broker = await Broker.start({ pingInterval: 100 });
    const [alive, dead] = [await RawClient.open(broker.port), await RawClient.open(broker.port)];
    alive.socket.on('data', () => alive.send('PONG\r\n'));
    await dead.until(() => dead.closed);
    expect(dead.received).toBe("-ERR 'Stale Connection'\r\n");
    await delay(400);
    expect([alive.closed, broker.connections]).toEqual([false, 1]);
    await alive.close();
  });

  test('answers a client that requires TLS with an error that says there is none', async () => {
    await using broker = await Broker.start();
    const client = await RawClient.open(broker.port);
    client.send('CONNECT {"tls_required":true}\r\n');
    await client.until(() => client.closed);
    expect(client.received).toBe("-ERR 'Secure Connection - TLS Not Available: connect without TLS'\r\n");
  });

  test('logs who came, what went wrong, and who left', async () => {
    const log = new Log();
    await using broker = await Broker.start({ logger: log });
    const client = await RawClient.open(broker.port);
    client.send('CONNECT {"name":"shop","lang":"c","verbose":false}\r\nPUB x -1\r\n');
    await client.until(() => client.closed);
    expect(log.lines).toEqual([
      'debug client connected {"client":1,"address":"127.0.0.1"}',
      'warn bad size in PUB "x -1"',
      'debug client disconnected {"client":1,"address":"127.0.0.1","name":"shop","lang":"c","reason":"bad size in PUB \\"x -1\\""}',
    ]);
  });
});
