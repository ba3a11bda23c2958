import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onEachServer } from '#test/matrix';
import { Broker } from '@natsmith/broker';
import { NatsServiceFactory, type NatsServiceHost } from '@natsmith/core';
import { connect, type NatsConnection } from 'nats';
import { useCommand } from './command';
import { Cache } from './services';

const NOWHERE = 'nats://127.0.0.1:1';

onEachServer(
  (server) => {
    const start = useCommand();
    const run = (args: string[], env: Record<string, string> = {}) => start(['ls', ...args], { env }).outcome;
    let host: NatsServiceHost;
    let config: string;

    beforeAll(async () => {
      const connection = { servers: server.url, user: 'ann', pass: 'secret' };
      host = await NatsServiceFactory.create(Cache, { connection, logger: false, signals: false });
    });
    afterAll(() => host.stop());
    beforeEach(() => {
      config = mkdtempSync(join(tmpdir(), 'natsmith-context-'));
      mkdirSync(join(config, 'nats/context'), { recursive: true });
      context('prod', { url: server.url, user: 'ann', password: 'secret' });
      writeFileSync(join(config, 'nats/context.txt'), 'prod');
    });
    afterEach(() => rmSync(config, { recursive: true }));

    const context = (name: string, fields: object): void =>
      writeFileSync(join(config, `nats/context/${name}.json`), JSON.stringify(fields));

    it('connects by flags', async () => {
      expect(await run(['-s', server.url, '--user', 'ann', '--password', 'secret'])).toMatchObject({
        code: 0,
        stderr: '',
      });
    });

    it('connects by credentials in the URL', async () => {
      expect(await run(['-s', server.url.replace('//', '//ann:secret@')])).toMatchObject({ code: 0, stderr: '' });
    });

    it('connects by the environment', async () => {
      const env = { NATS_URL: server.url, NATS_USER: 'ann', NATS_PASSWORD: 'secret' };
      expect(await run([], env)).toMatchObject({ code: 0, stderr: '' });
    });

    it('flags win over the environment', async () => {
      const env = { NATS_URL: NOWHERE, NATS_TOKEN: 'x', NATS_CREDS: '/nowhere' };
      const flags = ['-s', server.url, '--user', 'ann', '--password', 'secret'];
      expect(await run(flags, env)).toMatchObject({ code: 0, stderr: '' });
    });

    it('connects by a context, which wins over the environment', async () => {
      const env = { XDG_CONFIG_HOME: config, NATS_URL: NOWHERE, NATS_CREDS: '/nowhere' };
      expect(await run(['--context', 'prod'], env)).toMatchObject({ code: 0, stderr: '' });
    });

    it('connects by the context that NATS_CONTEXT names', async () => {
      expect(await run([], { XDG_CONFIG_HOME: config, NATS_CONTEXT: 'prod' })).toMatchObject({ code: 0, stderr: '' });
    });

    it('flags win over the context', async () => {
      context('wrong', { url: server.url, token: 'x' });
      const flags = ['--context', 'wrong', '--user', 'ann', '--password', 'secret'];
      expect(await run(flags, { XDG_CONFIG_HOME: config })).toMatchObject({ code: 0, stderr: '' });
    });

    it('an unknown context is exit code 2, and the names that there are', async () => {
      const { code, stderr } = await run(['--context', 'test'], { XDG_CONFIG_HOME: config });
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: `natsmith: there is no context "test" (${config}/nats/context/test.json); known: prod\n`,
      });
    });

    it('a context that cannot be applied is exit code 2', async () => {
      context('proxied', { url: server.url, socks_proxy: 'socks5://127.0.0.1:1080' });
      const { code, stderr } = await run(['--context', 'proxied'], { XDG_CONFIG_HOME: config });
      expect(code).toBe(2);
      expect(stderr).toContain('has "socks_proxy", which natsmith cannot use');
    });

    it('wrong credentials are exit code 4', async () => {
      const { code, stderr } = await run(['-s', server.url, '--user', 'ann', '--password', 'wrong']);
      expect(code).toBe(4);
      expect(stderr).toMatch(/refused the credentials/);
      expect(stderr).not.toContain('wrong');
    });
  },
  { user: 'ann', pass: 'secret' },
);

describe('a server whose password holds what a URL is made of', () => {
  const start = useCommand();
  const password = 'a:b/c@d%e,f';
  let broker: Broker;
  let host: NatsServiceHost;
  beforeAll(async () => {
    broker = await Broker.start({ user: 'ann', pass: password });
    const connection = { servers: broker.url, user: 'ann', pass: password };
    host = await NatsServiceFactory.create(Cache, { connection, logger: false, signals: false });
  });
  afterAll(async () => {
    await host.stop();
    await broker.stop();
  });

  it.each([
    ['as it is', password],
    ['percent-encoded', encodeURIComponent(password)],
  ])('is connected to by a URL that holds it %s', async (_, written) => {
    const url = `nats://ann:${written}@127.0.0.1:${broker.port}`;
    expect(await start(['ls', '-s', url]).outcome).toMatchObject({ code: 0, stderr: '' });
    expect(await start(['ls'], { env: { NATS_URL: url } }).outcome).toMatchObject({ code: 0, stderr: '' });
  });

  it('credentials in --server replace those of the environment', async () => {
    const url = `nats://ann:${password}@127.0.0.1:${broker.port}`;
    expect(await start(['ls', '-s', url], { env: { NATS_TOKEN: 'x' } }).outcome).toMatchObject({ code: 0, stderr: '' });
  });

  it('no message shows it', async () => {
    for (const port of [broker.port, 1]) {
      const { code, stdout, stderr } = await start(['ls', '-s', `nats://bob:${password}@127.0.0.1:${port}`]).outcome;
      expect({ code, stdout, stderr }).toEqual({
        code: 4,
        stdout: '',
        stderr: expect.stringContaining(`nats://127.0.0.1:${port}`) as string,
      });
      expect(stderr).not.toMatch(/bob|a:b|d%e|,f/);
    }
  });
});

describe('prefixes', () => {
  const start = useCommand();
  let broker: Broker;
  let host: NatsServiceHost;
  let connection: NatsConnection;
  const replySubjects: string[] = [];
  beforeAll(async () => {
    broker = await Broker.start();
    connection = await connect({ servers: broker.url });
    host = await NatsServiceFactory.create(Cache, { connection, logger: false, signals: false });
    // As an import of $SRV under another name would do it.
    for (const subject of ['$SRV.>', 'size'])
      connection.subscribe(subject, { callback: (_, { reply = '' }) => void replySubjects.push(reply) });
    connection.subscribe('theirs.>', {
      callback: (_, { subject, data, reply }) =>
        connection.publish(subject.replace('theirs', '$SRV'), data, { ...(reply && { reply }) }),
    });
    await connection.flush();
  });
  beforeEach(() => void replySubjects.splice(0));
  afterAll(async () => {
    await host.stop();
    await connection.close();
    await broker.stop();
  });

  it.each([
    ['ls', ['ls']],
    ['call', ['call', 'cache', 'size']],
    ['gather', ['gather', 'cache', 'size']],
    ['check', ['check', 'cache']],
  ])('%s is answered below the inbox prefix', async (_, args) => {
    const { code, stderr } = await start([...args, '-s', broker.url, '--inbox-prefix', '_ANN.in']).outcome;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(replySubjects.filter((subject) => subject !== '' && !subject.startsWith('_ANN.in.'))).toEqual([]);
    expect(replySubjects.length).toBeGreaterThan(0);
  });

  it('a context may name the inbox prefix', async () => {
    const config = mkdtempSync(join(tmpdir(), 'natsmith-context-'));
    mkdirSync(join(config, 'nats/context'), { recursive: true });
    const fields = { url: broker.url, inbox_prefix: '_ANN.in', jetstream_domain: 'hub', jetstream_api_prefix: 'x' };
    writeFileSync(join(config, 'nats/context/ann.json'), JSON.stringify(fields));
    const { code } = await start(['ls', '--context', 'ann'], { env: { XDG_CONFIG_HOME: config } }).outcome;
    rmSync(config, { recursive: true });
    expect({ code, prefixes: [...new Set(replySubjects.map((subject) => subject.slice(0, 8)))] }).toEqual({
      code: 0,
      prefixes: ['_ANN.in.'],
    });
  });

  it('services are found below another prefix than $SRV', async () => {
    const { code, stdout } = await start(['call', 'cache', 'size', '-s', broker.url, '--prefix', 'theirs']).outcome;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '7\n' });
    expect(await start(['ls', '-s', broker.url, '--prefix', 'nowhere']).outcome).toMatchObject({ code: 3 });
    expect(await start(['ls', '-s', broker.url, '--prefix', 'a.*']).outcome).toMatchObject({ code: 2 });
  });

  it('connection flags stand before the command, too', async () => {
    for (const flags of [['-s', broker.url], [`--server=${broker.url}`], ['--timeout', '1s', '-s', broker.url]])
      expect(await start([...flags, 'ls', '--json']).outcome).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('without a server', () => {
  const start = useCommand();

  it('each command is exit code 4, and says where it looked', async () => {
    for (const args of [
      ['ls'],
      ['info'],
      ['stats'],
      ['ping'],
      ['call', 'a', 'b'],
      ['gather', 'a', 'b'],
      ['check', 'a'],
    ])
      expect(await start([...args, '-s', NOWHERE]).outcome).toEqual({
        code: 4,
        stdout: '',
        stderr:
          'natsmith: no connection to NATS at nats://127.0.0.1:1 (CONNECTION_REFUSED); ' +
          'start a nats-server there, or say where it is: --server or NATS_URL\n',
      });
  });
});
