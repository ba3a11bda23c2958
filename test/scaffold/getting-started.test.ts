import { findNatsServer, startServer, type TestServer } from '@natsmith/testing';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'nats';
import { describeWithWholeMatrix } from '#test/matrix';
import { blocksOf, type Block } from '../docs/markdown';
import { PageReader } from './page-reader';
import { Running } from './processes';
import { freePort, usePublished } from './published';

const PAGE = 'docs/guide/getting-started.md';
const MINUTE = 60_000;

/** Commands that make other projects are typed by the tests of these. */
function isPartOfTheWalk({ text }: Block): boolean {
  return !text.includes('--template');
}

describeWithWholeMatrix('the page for beginners', () => {
  const published = usePublished();
  let server: TestServer | undefined;
  afterEach(() => server?.stop());

  async function greet(name: string): Promise<unknown> {
    const connection = await connect({ servers: server!.url });
    try {
      return (await connection.request('greeter.hello', JSON.stringify({ name }), { timeout: 5_000 })).json();
    } finally {
      await connection.close();
    }
  }

  test(
    'leads from an empty folder to a service that is called, changed, tested and shipped',
    async () => {
      const port = await freePort();
      const env = published.env({ NATS_URL: `nats://127.0.0.1:${port}` });
      const reader = new PageReader(await published.folder(), env, async (line) => {
        if (line === 'npm start') server = await startServer(findNatsServer() ? 'nats-server' : 'broker', { port });
      });
      for (const block of blocksOf(PAGE).filter(isPartOfTheWalk)) await reader.does(block);
      expect(await greet('Bob')).toBe('Good morning, Bob!');
      await reader.leaves();

      // npm has no exit code of its own when a signal ends it: so once more without npm, as a container starts it.
      const { scripts } = JSON.parse(await readFile(join(reader.folder, 'package.json'), 'utf8')) as {
        scripts: { start: string };
      };
      const service = new Running(`exec ${scripts.start}`, { cwd: reader.folder, env });
      await service.writes(/service started/);
      expect(await greet('Eve')).toBe('Good morning, Eve!');
      expect(await service.end('SIGTERM')).toBe(0);
    },
    4 * MINUTE,
  );
});
