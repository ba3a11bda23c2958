import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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

test('decorators of another copy of class-transformer than the one that natsmith loads are refused, not ignored', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'natsmith-copies-')));
  const other = join(folder, 'node_modules/class-transformer');
  await cp(dirname(require.resolve('class-transformer/package.json')), other, { recursive: true });
  try {
    const child = start('with-two-transformers.ts', { OTHER_TRANSFORMER: other });
    await child.exit;
    const refused = (name: string): unknown =>
      expect.stringContaining(`payload class ${name}, whose decorators of class-transformer are those of another copy`);
    expect(child.output.trim().split('\n')).toEqual([
      'Untouched: fine',
      'Known: fine',
      refused('Excluding'),
      refused('Inheriting'),
      refused('Excluding'),
      refused('Typing'),
    ]);
    expect(child.output).toContain(`would be ignored: ${other};`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
