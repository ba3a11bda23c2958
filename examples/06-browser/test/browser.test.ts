import { NatsServiceFactory, type NatsServiceHost } from '@natsmith/core';
import { until } from '#test/until';
import { findNatsServer, NatsServer, natsServerVersion } from '@natsmith/testing';
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { launch } from 'puppeteer-core';
import { gzipSync } from 'node:zlib';
import { serveSite } from '../src/site';
import { Weather } from '../src/weather.service';

const chromium = findChromium();

/** `CHROMIUM`, or a browser of that kind on PATH. */
function findChromium(): string | undefined {
  if (process.env['CHROMIUM']) return process.env['CHROMIUM'];
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

const missing = [chromium ?? 'no chromium', natsServer()].filter((one) => one.startsWith('no '));
const describeInBrowser = missing.length === 0 ? describe : describe.skip;

/** One that tells the port of its WebSocket: 2.9 is asked for any, and says that it listens on port 0. */
function natsServer(): string {
  const binary = findNatsServer();
  return binary === undefined || /^2\.\d\./.test(natsServerVersion(binary)) ? 'no nats-server 2.10 or later' : binary;
}

describeInBrowser(`a web page in Chromium${missing.length === 0 ? '' : ` (${missing.join(', ')} on PATH)`}`, () => {
  let server: NatsServer;
  let host: NatsServiceHost;
  let site: Server;

  beforeAll(async () => {
    buildForBrowsers();
    server = await NatsServer.start({ config: 'websocket { listen: "127.0.0.1:-1", no_tls: true }' });
    const websocket = () => /Listening for websocket clients on (ws:\/\/[\d.:]+)/.exec(server.output)?.[1];
    await until(() => websocket() !== undefined);
    host = await NatsServiceFactory.create(Weather, { connection: { servers: server.url }, logger: false });
    site = await serveSite(websocket()!, 0);
  }, 60_000);

  afterAll(async () => {
    site?.close();
    await host?.stop();
    await server?.stop();
  });

  it('finds services, calls, reads and leaves a stream, uploads, takes large replies, and cancels', async () => {
    const browser = await launch({ executablePath: chromium!, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
      await page.waitForSelector('body[data-state=done]', { timeout: 30_000 });
      const lines = (await page.evaluate("document.querySelector('#log').textContent")) as string;
      expect(lines.trim().split('\n')).toEqual([
        'forecast: 4',
        'found: weather 1.2.0',
        expect.stringMatching(/^refused: 400 \[\{"path":"city"/),
        'live: 1',
        'live: 2',
        'live: 3',
        'live: left',
        'average: 20',
        'archive: 3000000',
        'cancelled: the visitor has left',
      ]);
    } finally {
      await browser.close();
    }
  }, 60_000);
});

describe('a page with the client', () => {
  beforeAll(buildForBrowsers);

  // In whole, as a page has it that makes calls: what is left when the client library alone is taken off.
  it('loads no more than 31 KB beside the client library', async () => {
    const whole = await bundled(`export { ServiceClient, ServiceError, TimeoutError } from '@natsmith/client'`);
    const library = await bundled(`export { wsconnect } from '@nats-io/nats-core'`);
    expect(gzipSync(whole).length - gzipSync(library).length).toBeLessThan(31 * 1024);
  });

  it('has the code of events where it uses events', async () => {
    const client = await bundled(`export { ServiceClient } from '@natsmith/client'`);
    const events = await bundled(`export { event, ServiceClient } from '@natsmith/client'`);
    const sentence = 'has the payload class';
    expect([client, events].map((bundle) => bundle.toString().includes(sentence))).toEqual([false, true]);
  });
});

/** What `npm run build` makes, where it is missing or older than the sources. */
function buildForBrowsers(): void {
  execFileSync(process.execPath, [join(__dirname, '../../../scripts/build-browser.mjs')]);
}

async function bundled(contents: string): Promise<Buffer> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: __dirname },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    write: false,
  });
  return Buffer.from(outputFiles[0]!.contents);
}
