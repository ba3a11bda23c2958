import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { version } from '../../packages/create-natsmith/package.json';
import { ROOT } from '../docs/markdown';
import { useInstalledCommand } from './installed-command';
import { endAll, run, Running, userEnvironment } from './processes';

// Each test starts programs, which takes a while on a machine that has more to do.
jest.setTimeout(120_000);

const command = useInstalledCommand();
let cwd: string;
beforeEach(async () => {
  cwd = await command.folder();
});
afterEach(endAll);

interface Result {
  code: number | null;
  output: string;
  transcript: string;
}

async function create(args: string, env: Record<string, string | undefined> = {}): Promise<Result> {
  const running = new Running(`exec node ${command.path} ${args}`, { cwd, env: userEnvironment(env) });
  const code = await running.ended;
  return { code, output: running.output, transcript: running.transcript };
}

function manifest(name: string): { name: string; dependencies: Record<string, string>; overrides?: object } {
  return JSON.parse(readFileSync(join(cwd, name, 'package.json'), 'utf8')) as ReturnType<typeof manifest>;
}

test('without a terminal, what flags do not answer has its default, and it prints what it did and what comes next', async () => {
  const { code, output } = await create('my-service --no-install');
  expect({ code, made: readdirSync(cwd) }).toEqual({ code: 0, made: ['my-service'] });
  expect(readdirSync(join(cwd, 'my-service')).sort()).toEqual(
    ['.git', '.gitignore', 'README.md', 'package.json', 'src', 'test', 'tsconfig.json'].sort(),
  );
  expect(output).toMatch(/Made my-service: 7 files of the template "basic", a git repository\.\n/);
  expect(output).toMatch(/Next:\n {2}cd my-service\n {2}npm install\n {2}npm run dev\n/);
});

test('the project has its own name everywhere, and the versions of the command', async () => {
  await create('orders-2 --no-install --template full');
  expect(manifest('orders-2')).toMatchObject({
    name: 'orders-2',
    dependencies: { '@natsmith/core': `^${version}`, '@natsmith/client': `^${version}` },
  });
  const files = readdirSync(join(cwd, 'orders-2'), { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
  expect(texts.filter((text) => text.includes('full-service'))).toEqual([]);
  expect(readFileSync(join(cwd, 'orders-2/k8s/deployment.yaml'), 'utf8')).toContain('image: orders-2:latest');
  expect(existsSync(join(cwd, 'orders-2/.dockerignore'))).toBe(true);
});

test('without a terminal and a name, it says that the name is missing; with --yes it takes one', async () => {
  const { code, transcript } = await create('--no-install');
  expect(code).toBe(1);
  expect(transcript).toContain('say the name of the project, as in "npm init natsmith my-service"');
  expect((await create('--yes --no-install --no-git')).code).toBe(0);
  expect(readdirSync(cwd)).toEqual(['my-service']);
});

test.each([
  ['My_Service', '"My_Service" may hold only a-z, 0-9 and "-"'],
  ['2fast', 'for example "fast"'],
  ['a'.repeat(64), '64 characters, and 63 is the most'],
])('the name %s is refused, with the reason', async (name, reason) => {
  const { code, transcript } = await create(`${name} --yes`);
  expect({ code, left: readdirSync(cwd) }).toEqual({ code: 1, left: [] });
  expect(transcript).toContain(reason);
});

test('an unknown template is refused, with those that there are', async () => {
  const { code, transcript } = await create('my-service --template huge');
  expect({ code, left: readdirSync(cwd) }).toEqual({ code: 1, left: [] });
  expect(transcript).toContain('Allowed choices are basic, full, client, zod.');
});

test('a folder that is not empty is left as it is', async () => {
  await mkdir(join(cwd, 'my-service'));
  await writeFile(join(cwd, 'my-service/mine.txt'), 'mine');
  const { code, transcript } = await create('my-service --yes');
  expect(code).toBe(1);
  expect(transcript).toContain('my-service is not empty, it holds "mine.txt"');
  expect(readdirSync(join(cwd, 'my-service'))).toEqual(['mine.txt']);
});

test('an empty folder is filled, the current one too', async () => {
  await mkdir(join(cwd, 'here'));
  cwd = join(cwd, 'here');
  const { code, output } = await create('. --no-install --no-git');
  expect({ code, name: manifest('.').name }).toEqual({ code: 0, name: 'here' });
  expect(output).toContain('Next:\n  npm install\n');
});

test('an install that fails leaves nothing, and says why', async () => {
  const nobody = { npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' };
  const { code, transcript } = await create('apps/my-service --yes', {
    ...nobody,
    npm_config_cache: join(cwd, '../cache'),
  });
  expect({ code, left: readdirSync(cwd) }).toEqual({ code: 1, left: [] });
  expect(transcript).toMatch(/"npm install" failed:\n[^]*ECONNREFUSED/);
});

test('a signal during the install leaves nothing', async () => {
  // A registry that takes connections and never answers.
  const registry = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  const silent = { npm_config_registry: `http://127.0.0.1:${port}`, npm_config_cache: join(cwd, '../cache') };
  const running = new Running(`exec node ${command.path} my-service --yes`, { cwd, env: userEnvironment(silent) });
  await running.writes(/installing with npm/);
  expect(await running.end('SIGINT')).toBe(130);
  expect(readdirSync(cwd)).toEqual([]);
  expect(running.transcript).toContain('nothing was written');
  registry.close();
});

test('with --from, the packages of a checkout come along, for each other as well', async () => {
  const { code, output } = await create(`my-service --no-install --no-git --template full --from ${ROOT}`);
  expect(code).toBe(0);
  expect(output).toContain(`natsmith itself comes from ${ROOT}, packed into the folder "vendor"`);
  expect(output).toContain(`\n  npm install ./vendor/natsmith-jetstream-${version}.tgz\n`);
  const { dependencies, overrides } = manifest('my-service');
  const archive = `file:vendor/natsmith-core-${version}.tgz`;
  expect(dependencies['@natsmith/core']).toBe(archive);
  expect(overrides).toMatchObject({
    '@natsmith/core': archive,
    '@natsmith/protocol': expect.stringMatching(/^file:/) as unknown,
  });
  expect(existsSync(join(cwd, 'my-service', archive.slice('file:'.length)))).toBe(true);
  expect(readFileSync(join(cwd, 'my-service/Dockerfile'), 'utf8')).toContain('COPY vendor ./vendor\nRUN npm ci');
});

test.each([
  ['npm', 'overrides'],
  ['yarn', 'resolutions'],
])('with %s, another client library takes the place of nats', async (manager, field) => {
  const { code } = await create(
    `mine --no-install --client-library @nats-io/transport-node --package-manager ${manager}`,
  );
  expect({ code, manifest: manifest('mine') }).toMatchObject({
    code: 0,
    manifest: {
      dependencies: { '@nats-io/transport-node': expect.any(String) as unknown },
      [field]: { nats: expect.stringContaining('npm:@nats-io/transport-node@') as unknown },
    },
  });
});

test('with pnpm, it does so beside the packages of a checkout', async () => {
  await create(`mine --no-install --client-library @nats-io/transport-node --package-manager pnpm --from ${ROOT}`);
  const settings = readFileSync(join(cwd, 'mine/pnpm-workspace.yaml'), 'utf8');
  expect(settings).toMatch(/^overrides:\n( {2}'@natsmith\/.*\n)+ {2}'nats': npm:@nats-io\/transport-node@.*\n$/);
});

test('each package manager learns in its own way where these packages are', async () => {
  const from = `--no-install --no-git --template full --from ${ROOT}`;
  await create(`by-yarn --package-manager yarn ${from}`);
  expect(manifest('by-yarn')).toHaveProperty(
    ['resolutions', '@natsmith/core'],
    `file:vendor/natsmith-core-${version}.tgz`,
  );
  await create(`by-pnpm --package-manager pnpm ${from}`);
  const settings = readFileSync(join(cwd, 'by-pnpm/pnpm-workspace.yaml'), 'utf8');
  expect(settings).toContain(`overrides:\n  '@natsmith/broker': file:vendor/natsmith-broker-${version}.tgz\n`);
  expect(readFileSync(join(cwd, 'by-pnpm/Dockerfile'), 'utf8')).toContain(
    'RUN corepack enable pnpm\nCOPY package.json pnpm-*.yaml ./\nCOPY vendor ./vendor\n' +
      'RUN pnpm install --frozen-lockfile\nCOPY . .\nRUN pnpm run build && pnpm prune --prod\n',
  );
  for (const project of ['by-pnpm', 'by-yarn'])
    for (const file of ['README.md', 'package.json', 'Dockerfile'])
      expect(readFileSync(join(cwd, project, file), 'utf8')).not.toMatch(/\bnpm |\bnpx /);
});

test('in a checkout, what it makes uses the packages of the checkout, and passes its tests', async () => {
  const env = userEnvironment();
  await run(`node ${join(ROOT, 'packages/create-natsmith/dist/bin.js')} my-service`, { cwd, env });
  expect(manifest('my-service').dependencies['@natsmith/core']).toBe(`file:vendor/natsmith-core-${version}.tgz`);
  expect(await run('npm test', { cwd: join(cwd, 'my-service'), env })).toMatch(/pass 2\n/);
});

test('--from a folder that is not a checkout is refused', async () => {
  const { code, transcript } = await create('my-service --yes --from .');
  expect({ code, left: readdirSync(cwd) }).toEqual({ code: 1, left: [] });
  expect(transcript).toContain('is not a checkout of natsmith');
});
