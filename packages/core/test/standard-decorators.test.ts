import { ServiceClient } from '@natsmith/client';
import { DefinitionError, NatsServiceFactory, type Class } from '@natsmith/core';
import { startServer, type TestServer } from '@natsmith/testing';
import { transformFileSync } from '@swc/core';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '#test/child';
import { runServices } from '#test/hosts';
import { itWith } from '#test/runtime';
import { COMPILERS, typeErrorsIn } from '#test/standard-decorators';
import type * as Fixture from './standard-decorators/service';

const SOURCES = join(__dirname, 'standard-decorators');
// Within the repository, where the packages are found, and where jest compiles nothing.
const FOLDER = join(__dirname, '../../../node_modules/.cache/natsmith-standard-decorators', String(process.pid));

/** Files with experimental decorators, compiled as the project's are. */
function experimental(name: string): string {
  return transformFileSync(join(SOURCES, `${name}.ts`), {
    configFile: false,
    swcrc: false,
    module: { type: 'commonjs' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
  }).code;
}

/** A folder with all that the fixture imports; the fixture itself is yet to come. */
function folderFor(name: string): string {
  const folder = join(FOLDER, name.replace(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'operands.js'), experimental('operands'));
  writeFileSync(join(folder, 'experimental.js'), experimental('experimental'));
  return folder;
}

function compiled(compiler: string): typeof Fixture {
  const folder = folderFor(compiler);
  const file = join(folder, 'service.js');
  writeFileSync(file, COMPILERS[compiler]!(readFileSync(join(SOURCES, 'service.ts'), 'utf8')));
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- compiled just now
  return require(file) as typeof Fixture;
}

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

let server: TestServer;
beforeAll(async () => {
  server = await startServer('broker');
});
afterAll(() => server?.stop());

describe.each(Object.keys(COMPILERS))('services with standard decorators, compiled with %s', (compiler) => {
  const { Standard, Mixed, Experimental, OrderPlaced } = compiled(compiler);
  let client: ServiceClient;
  runServices(
    {
      get url() {
        return server.url;
      },
    },
    [Standard, Mixed, Experimental],
  );
  beforeAll(async () => {
    client = await ServiceClient.connect({ connection: { servers: server.url } });
  });
  afterAll(() => client?.close());

  it('validates and transforms by the schema that "request" names', async () => {
    await expect(client.call('shop.order', { sku: 'a', quantity: 2, more: 1 })).resolves.toEqual({
      sku: 'A',
      quantity: 2,
    });
    await expect(client.call('shop.order', { sku: 'a', quantity: 0 })).rejects.toMatchObject({
      code: 400,
      data: [{ path: 'quantity' }],
    });
  });

  it('validates and transforms by a class that was compiled with experimental decorators', async () => {
    await expect(client.call('shop.add', { a: 1, bee: 2, note: ' x ' })).resolves.toEqual({ sum: 3, note: 'x' });
    await expect(client.call('shop.sums', [{ a: 1, bee: 2 }])).resolves.toEqual([3]);
    await expect(client.call('shop.add', { a: '1', bee: 2 })).rejects.toMatchObject({ code: 400 });
  });

  it('streams in both directions', async () => {
    const service = await client.service<Fixture.Standard>('standard');
    const items: number[] = [];
    for await (const item of service.count()) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    const orders = (async function* () {
      yield { sku: 'a', quantity: 2 };
      yield { sku: 'b', quantity: 3 };
    })();
    await expect(service.total(orders)).resolves.toBe(5);
  });

  it('has what its parents have, and what it overrides', async () => {
    await expect(client.request('shop.overridden')).resolves.toMatchObject({ data: 'of the child' });
    await expect(client.call('shop.again')).resolves.toBe('of the child');
    const { headers } = await client.request('shop.overridden');
    expect(headers.getAll('Trace')).toEqual(['overridden', 'overridden']);
    const [info] = await client.info('standard');
    expect(info!.endpoints.map(({ name }) => name).sort()).toEqual(
      ['add', 'count', 'level', 'order', 'orders', 'overridden', 'redecorated', 'seen', 'sums', 'total'].sort(),
    );
  });

  it('has groups, metadata and statistics', async () => {
    await expect(client.call('stock.now.x.level')).resolves.toBe('x:5');
    const [info] = await client.info('standard');
    const metadataOf = (name: string) => info!.endpoints.find((endpoint) => endpoint.name === name)!.metadata;
    expect(metadataOf('order')).toMatchObject({ roles: 'customer' });
    expect(JSON.parse(metadataOf('order')['request_schema']!)).toMatchObject({ required: ['sku', 'quantity'] });
    expect(metadataOf('count')).toMatchObject({ stream: 'response', roles: 'everybody' });
    const [stats] = await client.stats('standard');
    expect(stats!.endpoints.find(({ name }) => name === 'order')!.data).toEqual({ of: 'order' });
  });

  it('handles events', async () => {
    await client.publish(OrderPlaced, { sku: 'e', quantity: 1 }, { params: { id: '7' } });
    await client.connection.flush();
    await expect(client.call('shop.orders')).resolves.toEqual(['7:E']);
  });

  it('stands beside classes with experimental decorators, and inherits from them', async () => {
    await expect(client.call('multiply', { a: 3, bee: 2 })).resolves.toBe(6);
    await expect(client.call('mixed.multiply', { a: 3, bee: 2 })).resolves.toBe(6);
    await expect(client.call('mixed.subtract', { a: 3, bee: 2 })).resolves.toBe(1);
  });
});

describe.each(Object.keys(COMPILERS))('mistakes with standard decorators, compiled with %s', (compiler) => {
  let count = 0;
  async function mistakesOf(body: string, head = ''): Promise<string> {
    const file = join(folderFor(`mistakes ${compiler}`), `mistake-${++count}.js`);
    const source = `import { Endpoint, Group, Service } from '@natsmith/core';
      ${head}
      @Service({ name: 'wrong', version: '1.0.0' }) export class Wrong { ${body} }`;
    writeFileSync(file, COMPILERS[compiler]!(source));
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- compiled just now
    const { Wrong } = require(file) as { Wrong: Class };
    const error: unknown = await NatsServiceFactory.create(Wrong, { logger: false }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DefinitionError);
    return (error as DefinitionError).message;
  }

  it.each([
    [
      'a payload that nothing names',
      '@Endpoint() add(payload: { a: number }) {}',
      'Wrong.add',
      /request: schema \| Class/,
    ],
    [
      'one with an initializer',
      '@Endpoint() add(payload = 1) {}',
      'Wrong.add',
      /standard decorators do not know the types/,
    ],
    [
      'a class that has no validators',
      'declare x: 1; @Endpoint({ request: Plain }) add(_: Plain) {}',
      'Wrong.add',
      /experimentalDecorators.*schema/,
    ],
    ['a static method', '@Endpoint() fine() {} @Endpoint() static add() {}', 'Wrong.add', /remove "static"/],
    ['a private method', '@Endpoint() fine() {} @Endpoint() #add() {}', 'Wrong.#add', /remove the "#"/],
    ['a getter', '@Endpoint() fine() {} @Endpoint() get add() { return 1; }', 'Wrong.add', /is not a method/],
    ['a field', '@Endpoint() fine() {} @Endpoint() add = 1;', 'Wrong.add', /is not a method/],
    ['two of a kind', '@Endpoint() @Endpoint() add() {}', 'Wrong.add', /more than once/],
    ['a group without an endpoint', "@Endpoint() fine() {} @Group('x') add() {}", 'Wrong.add', /no @Endpoint/],
  ])('%s is refused, and the error says what to do', async (_title, body, where, what) => {
    const message = await mistakesOf(body, 'class Plain { a!: number }');
    expect(message).toContain(where);
    expect(message).toMatch(what);
  });
});

itWith('loaders of Node.js')('services with standard decorators run under tsx as they stand', async () => {
  const folder = folderFor('tsx');
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "target": "es2022" } }');
  writeFileSync(join(folder, 'service.ts'), readFileSync(join(SOURCES, 'service.ts'), 'utf8'));
  writeFileSync(
    join(folder, 'main.ts'),
    `import { NatsServiceFactory } from '@natsmith/core';
     import { Standard } from './service';
     void NatsServiceFactory.create(Standard, { logger: false }).then(() => console.log('ready'));`,
  );
  const service = Child.node(['--import', require.resolve('tsx'), join(folder, 'main.ts')], {
    NATS_URL: server.url,
    TSX_TSCONFIG_PATH: join(folder, 'tsconfig.json'),
  });
  const client = await ServiceClient.connect({ connection: { servers: server.url } });
  try {
    await service.wrote('ready');
    await expect(client.call('shop.add', { a: 1, bee: 2, note: ' x ' })).resolves.toEqual({ sum: 3, note: 'x' });
    await expect(client.call('shop.order', { sku: 'a', quantity: 0 })).rejects.toMatchObject({ code: 400 });
  } finally {
    await client.close();
    service.kill('SIGKILL');
    await service.exit;
  }
});

it('the compiler checks standard decorators: request against the parameter, response against the result', () => {
  expect(typeErrorsIn(['types.ts', 'service.ts'].map((name) => join(SOURCES, name)))).toEqual([]);
});
