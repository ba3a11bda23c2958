import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Endpoint, Service } from '@natsmith/core';
import { NatsServer, TestHost } from '@natsmith/testing';
import { connect, headers, type NatsConnection } from 'nats';
import { describeWithNatsServer, isWholeMatrix } from '#test/matrix';
import { blocksOf } from '../docs/markdown';
import { buildImage } from './image';
import { dropMissing } from './lock-file';
import { run, Running } from './processes';
import { freePort, usePublished } from './published';

const MINUTE = 60_000;
const ESBUILD = join(__dirname, '../../node_modules/.bin/esbuild');

@Service({ name: 'greeter', version: '1.2.0' })
class Greeter {
  @Endpoint({ request: 'unchecked' })
  hello({ name }: { name: string }): string {
    return `Hello, ${name}!`;
  }
}

const describeProjects = isWholeMatrix ? describeWithNatsServer : describe.skip;

describeProjects('a project of the template', () => {
  const published = usePublished();
  let server: NatsServer;
  beforeAll(async () => {
    server = await NatsServer.start({ jetstream: true });
  });
  afterAll(() => server?.stop());

  /** Makes a project with the command of the page that has these flags, and gives its folder. */
  async function make(flags: string): Promise<string> {
    const lines = blocksOf('docs/guide/getting-started.md').flatMap(({ text }) => text.split('\n'));
    const line = lines.find((each) => each.includes(flags))!;
    const cwd = await published.folder();
    await run(line, { cwd, env: published.env() });
    return join(cwd, line.split(' ')[3]!);
  }

  test(
    '"full" passes its tests, and its image serves orders, tells its health, and ends with exit code 0',
    async () => {
      const project = await make('--template full');
      // Decorators and natsmith must find the same one.
      for (const library of ['class-validator', 'class-transformer'])
        expect(copiesOf(library, project)).toEqual([`node_modules/${library}`]);
      await run('npm test', { cwd: project, env: published.env() });

      dropMissing(join(project, 'package-lock.json'));
      const image = await buildImage(project, await published.folder(), published.npm);
      const port = await freePort();
      const env = published.env({ ...image.env, NATS_URL: server.url, OBSERVE_PORT: String(port) });
      const service = new Running(`exec ${image.command.join(' ')}`, { cwd: image.folder, env });
      await service.writes(/service started[^]*service started/);

      const connection = await connect({ servers: server.url });
      try {
        expect(await placeOrder(connection)).toMatchObject({ customer: 'Ann', number: 1, by: 'bob' });
        const manifest = await readFile(join(project, 'k8s/deployment.yaml'), 'utf8');
        const probes = [...manifest.matchAll(/path: (\/\S+)/g)].map(([, path]) => path);
        expect(probes).toEqual(['/ready', '/ready', '/live']);
        for (const path of [...probes, '/metrics'])
          expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(200);
      } finally {
        await connection.close();
      }
      expect(await service.end('SIGTERM')).toBe(0);
    },
    4 * MINUTE,
  );

  test(
    '"zod" passes its tests, and its standard decorators run in development, in production, and bundled',
    async () => {
      const project = await make('--template zod');
      const env = published.env({ NATS_URL: server.url });
      await run('npm test', { cwd: project, env });
      const { scripts } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as {
        scripts: { start: string; dev: string };
      };
      // From what a user has installed, which is one client library and not both.
      await run(`${ESBUILD} src/main.ts --bundle --platform=node --target=node20 --outfile=bundle.cjs`, {
        cwd: project,
        env,
      });
      for (const command of [scripts.start, `node_modules/.bin/${scripts.dev}`, 'node bundle.cjs']) {
        const service = new Running(`exec ${command}`, { cwd: project, env });
        await service.writes(/service started/);
        const connection = await connect({ servers: server.url });
        try {
          expect((await connection.request('greeter.hello', '{"name":"Ann"}', { timeout: 5000 })).json()).toBe(
            'Hello, Ann!',
          );
          const refused = await connection.request('greeter.hello', '{"name":""}', { timeout: 5000 });
          expect(refused.headers?.get('Nats-Service-Error-Code')).toBe('400');
        } finally {
          await connection.close();
        }
        expect(await service.end('SIGTERM')).toBe(0);
      }
    },
    4 * MINUTE,
  );

  test(
    'that has @nats-io/transport-node has no nats 2, passes its tests, and answers under "natsmith dev"',
    async () => {
      const project = await make('--client-library @nats-io/transport-node');
      const installed = readdirSync(join(project, 'node_modules'), { recursive: true, encoding: 'utf8' })
        .filter((path) => /(^|node_modules\/)nats\/package.json$/.test(path))
        .map((path) => JSON.parse(readFileSync(join(project, 'node_modules', path), 'utf8')) as { name: string });
      expect(installed.map(({ name }) => name)).toEqual(['@nats-io/transport-node']);

      const env = published.env({ NATS_URL: server.url });
      await run('npm test', { cwd: project, env });
      const service = new Running('exec node_modules/.bin/natsmith dev src/main.ts', { cwd: project, env });
      await service.writes(/service started/);
      const output = await run(`npx natsmith call greeter hello '{"name":"Ann"}'`, { cwd: project, env });
      expect(output).toContain('Hello, Ann!');
      await run('npx natsmith consumers', { cwd: project, env });
      expect(await service.end('SIGTERM')).toBe(0);
    },
    4 * MINUTE,
  );

  test(
    '"client" passes its tests, and finds and calls a service in production mode, and ends with exit code 0',
    async () => {
      const project = await make('--template client');
      const env = published.env({ NATS_URL: server.url });
      await run('npm test', { cwd: project, env });

      const { scripts } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as {
        scripts: { start: string };
      };
      const service = new Running(`exec ${scripts.start}`, { cwd: project, env });
      await service.writes(/Waiting for services/);
      await using _host = await TestHost.create(Greeter, { server });
      await service.writes(/^greeter 1\.2\.0 joined\nHello, world!$/m);
      expect(await service.end('SIGTERM')).toBe(0);
    },
    4 * MINUTE,
  );
});

function copiesOf(library: string, project: string): string[] {
  const manifest = `node_modules/${library}/package.json`;
  const paths = readdirSync(join(project, 'node_modules'), { recursive: true, encoding: 'utf8' });
  return paths
    .map((path) => `node_modules/${path}`)
    .filter((path) => path.endsWith(manifest))
    .map((path) => path.slice(0, -'/package.json'.length));
}

async function placeOrder(connection: NatsConnection): Promise<unknown> {
  const from = headers();
  from.set('User', 'bob');
  const order = { customer: 'Ann', lines: [{ article: 'apple', quantity: 3 }] };
  return (await connection.request('orders.place', JSON.stringify(order), { headers: from, timeout: 5000 })).json();
}
