import { startServer, type TestServer } from '@natsmith/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '#test/child';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startServer('broker');
  folder = mkdtempSync(join(tmpdir(), 'natsmith-client-library-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.stop();
});

/** Connects by `connect()` where these packages cannot be found, and tells which library it was. */
async function connectedWithout(...missing: string[]): Promise<string> {
  const program = join(folder, `without-${missing.length}.cjs`);
  writeFileSync(
    program,
    `const Module = require('node:module');
     const resolve = Module._resolveFilename;
     Module._resolveFilename = function (request, ...rest) {
       if (!${JSON.stringify(missing)}.includes(request)) return resolve.call(this, request, ...rest);
       throw Object.assign(new Error('Cannot find module ' + request), { code: 'MODULE_NOT_FOUND' });
     };
     const { connect } = require(${JSON.stringify(join(__dirname, '..'))});
     connect().then((connection) => {
       const isNats = require.cache[${JSON.stringify(require.resolve('nats'))}] !== undefined;
       console.log('library:', isNats ? 'nats' : 'other');
       return connection.close();
     }).catch((error) => console.log(error.message));`,
  );
  const child = Child.node([program], { NATS_URL: server.url });
  await child.exit;
  return child.stdout.trim();
}

it('connect() uses nats 2 where it is installed', async () => {
  expect(await connectedWithout()).toBe('library: nats');
});

it('connect() uses @nats-io/transport-node where only that is installed', async () => {
  expect(await connectedWithout('nats')).toBe('library: other');
});

it('connect() says what to install where there is neither', async () => {
  expect(await connectedWithout('nats', '@nats-io/transport-node')).toMatch(/npm install nats/);
});
