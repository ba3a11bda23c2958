import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Endpoint, Service } from '@natsmith/core';
import { useHosts } from '#test/hosts';
import { useServer } from '#test/matrix';
import { observe, type Observer } from '../src/index';
import { eventually, page } from './pages';

@Service({ name: 'target', version: '1.0.0' })
class Target {
  @Endpoint() hit(): void {}
}

/** A client that sends what no library would. */
class RawClient {
  private received = '';
  isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text: string) => (this.received += text));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }

  static async connect({ port }: { port: number }): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  get answer(): string {
    return this.received;
  }

  get statuses(): string[] {
    return this.received.match(/HTTP\/1\.1 \d+/g) ?? [];
  }

  async untilClosed(): Promise<string> {
    await eventually(() => this.isClosed, Boolean);
    return this.received;
  }

  end(): void {
    this.socket.destroy();
  }
}

describe('the HTTP server of observe()', () => {
  const server = useServer('broker');
  const hosts = useHosts();
  let observer: Observer;
  const clients: RawClient[] = [];
  const client = async (): Promise<RawClient> => {
    const made = await RawClient.connect(observer);
    clients.push(made);
    return made;
  };
  beforeEach(async () => {
    const { host } = await hosts.start(Target, { connection: { servers: server.url } });
    observer = await observe(host, { port: 0 });
  });
  afterEach(async () => {
    for (const one of clients.splice(0)) one.end();
    await observer.close();
  });
  const live = () => page(`${observer.url}/live`);

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PURGE'])('refuses %s', async (method) => {
    const { status, headers } = await page(`${observer.url}/metrics`, { method });
    expect(status).toBe(405);
    expect(headers).toMatchObject({ allow: 'GET, HEAD', connection: 'close' });
  });

  it.each(['/metrics', '/live', '/ready'])('answers HEAD %s with the headers of GET alone', async (path) => {
    const head = await page(`${observer.url}${path}`, { method: 'HEAD' });
    const get = await page(`${observer.url}${path}`);
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-type']).toBe(get.headers['content-type']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
  });

  it.each(['/', '/metrics/', '//metrics', '/metrics%00', '/LIVE', '/__proto__', '/constructor'])(
    'knows no page %s, and repeats nothing of it',
    async (path) => {
      const { status, body, headers } = await page(`${observer.url}${path}`);
      expect([status, body]).toEqual([404, 'there is /metrics, /live, /ready\n']);
      expect(headers['x-content-type-options']).toBe('nosniff');
    },
  );

  it('takes a query for nothing', async () => {
    expect((await page(`${observer.url}/live?a=/metrics`)).body).toBe('ok\n');
  });

  it('refuses a body and reads none of it', async () => {
    const raw = await client();
    raw.send('GET /live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc');
    expect(await raw.untilClosed()).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('refuses large headers', async () => {
    const raw = await client();
    raw.send(`GET /live HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(await raw.untilClosed()).toMatch(/^HTTP\/1\.1 431 /);
  });

  it.each([
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a PUB of NATS', 'PUB a 5\r\nhello\r\n'],
    ['two lengths', 'GET /live HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['a length and chunks', 'GET /live HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a header without a name', 'GET /live HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n'],
    ['no host', 'GET /live HTTP/1.1\r\n\r\n'],
  ])('ends the connection of one who sends %s', async (_, text) => {
    const raw = await client();
    raw.send(text);
    expect(await raw.untilClosed()).toMatch(/^HTTP\/1\.1 400 |^$/);
    expect((await live()).status).toBe(200);
  });

  it.each([
    ['CONNECT', 'CONNECT evil:80 HTTP/1.1\r\nHost: evil:80\r\n\r\n'],
    [
      'an upgrade with no request behind',
      'POST /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
  ])('ends the connection of one who asks for %s', async (_, text) => {
    const raw = await client();
    raw.send(text);
    await raw.untilClosed();
    expect((await live()).status).toBe(200);
  });

  it('cuts off who sends its headers byte by byte, and who connects and is silent', async () => {
    const [slow, silent] = await Promise.all([client(), client()]);
    slow.send('GET /live HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => slow.send('X-A: b\r\n'), 200);
    try {
      await Promise.all([slow.untilClosed(), silent.untilClosed()]);
      expect([...slow.statuses, ...silent.statuses]).not.toContain('HTTP/1.1 200');
    } finally {
      clearInterval(drip);
    }
  });

  it('disconnects a client that asks for thousands of pages at once and reads none', async () => {
    const raw = await client();
    raw.socket.pause();
    raw.send('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5000));
    await eventually(() => {
      raw.socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
      return raw.socket.destroyed || raw.socket.resume().destroyed;
    }, Boolean);
    expect(raw.statuses.length).toBeLessThan(100);
  });

  it('answers requests that come one after the other on one connection', async () => {
    const raw = await client();
    for (let i = 1; i <= 20; i++) {
      raw.send('GET /live HTTP/1.1\r\nHost: x\r\n\r\n');
      await eventually(
        () => raw.answer.split('\r\n\r\nok\n').length - 1,
        (answers) => answers === i,
      );
    }
    expect(raw.statuses).toEqual(new Array(20).fill('HTTP/1.1 200'));
  });

  it('answers while 500 others are connected and silent', async () => {
    await Promise.all(Array.from({ length: 500 }, () => client()));
    expect((await live()).status).toBe(200);
    expect((await page(`${observer.url}/metrics`)).status).toBe(200);
    await eventually(
      () => clients.filter(({ isClosed }) => !isClosed).length,
      (open) => open <= 128,
    );
  });

  it('reads the numbers twice at most for a hundred who ask at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => page(`${observer.url}/metrics`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.replace(/^natsmith_connection.*$/gm, ''))).size).toBe(1);
  });

  it('closes although clients keep their connections open', async () => {
    const idle = await client();
    idle.send('GET /live HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => idle.statuses.length, Boolean);
    const silent = await client();
    await observer.close();
    await Promise.all([idle.untilClosed(), silent.untilClosed()]);
  });
});
