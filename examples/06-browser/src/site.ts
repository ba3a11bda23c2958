import { build } from 'esbuild';
import { createServer, type Server } from 'node:http';
import { basename, join } from 'node:path';

/** Scripts by their paths; the page loads `/page.js`, which may load others. */
export type Scripts = ReadonlyMap<string, string>;

/** The script of the page, and those that it loads when it needs them. */
export async function bundlePage(): Promise<Scripts> {
  const outdir = '/';
  // #region bundle
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, '../src/page.ts')],
    bundle: true,
    splitting: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    outdir,
    write: false,
  });
  // #endregion
  return new Map(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]));
}

/** The page with its scripts, for one WebSocket server. */
export async function serveSite(nats: string, port: number, scripts: Scripts): Promise<Server> {
  const page = `<!doctype html><title>Weather</title><body data-nats="${nats}"><pre id="log"></pre>
    <script type="module" src="/page.js"></script></body>`;
  const server = createServer(({ url = '' }, response) => {
    const script = scripts.get(url);
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    response.setHeader('content-security-policy', `default-src 'none'; script-src 'self'; connect-src ${nats}`);
    response.end(script ?? page);
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}
