import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onEachServer } from '#test/matrix';
import { NatsServiceFactory, type NatsServiceHost } from '@natsmith/core';
import { useCommand } from './command';
import { Cache } from './services';

const NOWHERE = 'nats://127.0.0.1:1';

onEachServer(
  (server) => {
    const start = useCommand();
    const run = (args: string[], env: Record<string, string> = {}) => start(['ls', ...args], { env }).exit;
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
        stderr: `natsmith: there is no context "test" (${config}/nats/context/test.json); there are prod\n`,
      });
    });

    it('a context that cannot be used as it is meant is exit code 2', async () => {
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
      expect(await start([...args, '-s', NOWHERE]).exit).toEqual({
        code: 4,
        stdout: '',
        stderr:
          'natsmith: no connection to NATS at nats://127.0.0.1:1 (CONNECTION_REFUSED); ' +
          'start a nats-server there, or say where it is: --server or NATS_URL\n',
      });
  });
});
