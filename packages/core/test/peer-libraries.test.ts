import { join } from 'node:path';
import { startServer, type TestServer } from '@natsmith/testing';
import { useChildren } from '#test/child';

let server: TestServer;
beforeAll(async () => {
  server = await startServer('broker');
});
afterAll(() => server.stop());
const start = useChildren(join(__dirname, 'processes'));

test('a service with zod alone never loads class-validator or class-transformer', async () => {
  const child = start('with-zod.ts', { NATS_URL: server.url });
  expect({ ...(await child.exit), output: child.output }).toEqual({
    code: 0,
    signal: null,
    output: 'replies 3 400\nloaded zod\n',
  });
});
