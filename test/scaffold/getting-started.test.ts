import { findNatsServer, startServer, type TestServer } from '@natsmith/testing';
import { connect } from 'nats';
import { blocksOf, type Block } from '../docs/markdown';
import { PageReader } from './page-reader';
import { freePort, usePublished } from './published';

const PAGE = 'docs/guide/getting-started.md';
const MINUTE = 60_000;

const published = usePublished();
let server: TestServer | undefined;
afterEach(() => server?.stop());

/** Commands that make other projects are typed by the tests of these. */
function isPartOfTheWalk({ text }: Block): boolean {
  return !text.includes('--template');
}

test(
  'the page leads from an empty folder to a service that is called, changed, tested and shipped',
  async () => {
    const port = await freePort();
    const env = published.env({ NATS_URL: `nats://127.0.0.1:${port}` });
    const reader = new PageReader(await published.folder(), env, async (line) => {
      if (line === 'npm start') server = await startServer(findNatsServer() ? 'nats-server' : 'broker', { port });
    });
    for (const block of blocksOf(PAGE).filter(isPartOfTheWalk)) await reader.does(block);

    const connection = await connect({ servers: server!.url });
    const reply = await connection.request('greeter.hello', '{"name":"Bob"}');
    await connection.close();
    expect(reply.json()).toBe('Good morning, Bob!');
    expect(await reader.leaves()).toBe(0);
  },
  4 * MINUTE,
);
