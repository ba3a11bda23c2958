import { build } from 'esbuild';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

/** The page with its script, for one WebSocket server. */
export async function serveSite(nats: string, port: number): Promise<Server> {
  // #region bundle
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, '../src/page.ts')],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    write: false,
  });
  // #endregion
  const script = outputFiles[0]?.text ?? '';
  const page = `<!doctype html><title>Weather</title><body data-nats="${nats}"><pre id="log"></pre>
    <script type="module" src="/page.js"></script></body>`;
  const server = createServer(({ url }, response) => {
    const isScript = url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : page);
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}
