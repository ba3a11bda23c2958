import { ServiceClient } from '@natsmith/client';
import { startServer, type TestServer } from '@natsmith/testing';
import { transformFile } from '@swc/core';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Child } from '#test/child';

// Within the repository, where bundlers find the packages.
const FOLDER = join(__dirname, '../../../node_modules/.cache/natsmith-bundles', String(process.pid));
const ENTRY = join(FOLDER, 'entry.js');

const ORDER = {
  price: 1,
  customer_name: 'Ann',
  due: '2024-05-01',
  items: [{ sku: 'a', quantity: 2, secret: true }],
};

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  const { code } = await transformFile(join(__dirname, 'bundles/service.ts'), {
    configFile: false,
    swcrc: false,
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
  });
  await writeFile(ENTRY, code);
});

afterAll(() => rm(FOLDER, { recursive: true, force: true }));

/** Gives the path of the bundle. Bundlers are ES modules, which jest cannot load on Node 20. */
async function bundled(bundler: string): Promise<string> {
  const script = join(__dirname, 'bundles/bundle.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, bundler, ENTRY, FOLDER]);
  return stdout.trim();
}

const BUNDLERS = [
  ...[
    'esbuild',
    'esbuild with ES modules first',
    'esbuild, all packages left out',
    'esbuild, class-transformer left out',
  ],
  ...['webpack', 'Vite'],
];

describe.each(BUNDLERS)('a service bundled with %s', (bundler) => {
  let server: TestServer;
  let service: Child;
  let client: ServiceClient;

  beforeAll(async () => {
    const [file, started] = await Promise.all([bundled(bundler), startServer('broker')]);
    server = started;
    service = Child.node([file], { NATS_URL: server.url });
    await service.wrote('ready', { timeout: 30_000 });
    client = await ServiceClient.connect({ connection: { servers: server.url } });
  }, 90_000);

  afterAll(async () => {
    await client?.close();
    service?.kill('SIGKILL');
    await service?.exit;
    await server?.stop();
  });

  it('does what the decorators of class-transformer say, as the sources do', async () => {
    await expect(client.call('order', ORDER)).resolves.toEqual({
      price: 10,
      customer: 'Ann',
      due: Date.parse('2024-05-01'),
      items: [{ sku: 'A', quantity: 2 }],
      classes: [true, true],
    });
    // A class that only @Exclude and @Transform keep from being compiled.
    await expect(client.call('account', { name: 'ann', isAdmin: true })).resolves.toEqual({
      name: 'ANN',
      isAdmin: false,
    });
  });

  it('refuses what the validators refuse', async () => {
    await expect(client.call('order', { ...ORDER, items: [{ sku: 'a', quantity: 0 }] })).rejects.toMatchObject({
      code: 400,
      data: [{ path: 'items[0].quantity', constraints: { min: expect.any(String) as string } }],
    });
    await expect(client.call('account', { name: 'ann', isAdmin: true, email: 5 })).rejects.toMatchObject({
      code: 400,
    });
  });

  it('says in INFO what it takes', async () => {
    const [info] = await client.info('bundled');
    const order = info!.endpoints.find(({ name }) => name === 'order')!;
    expect(JSON.parse(order.metadata['request_schema']!)).toMatchObject({
      properties: { price: {}, due: { type: ['string', 'number', 'boolean'] } },
      required: ['due'],
    });
  });
});

it('a bundle with class-transformer inside and natsmith outside is refused, and told what to do', async () => {
  const service = Child.node([await bundled('esbuild, natsmith left out')], { NATS_URL: 'nats://127.0.0.1:1' });
  await service.exit;
  const told = (name: string): unknown =>
    expect.stringMatching(
      `the payload class ${name}, and .*esbuild-rest.js is a bundle with class-transformer inside and natsmith outside: .* ` +
        'leave class-transformer out of the bundle, too',
    );
  expect(service.stdout).toEqual(told('Order'));
  expect(service.stdout).toEqual(told('Account'));
});
