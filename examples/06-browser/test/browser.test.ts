import { NatsServiceFactory, type NatsServiceHost } from '@natsmith/core';
import { until } from '#test/until';
import { findNatsServer, NatsServer, natsServerVersion } from '@natsmith/testing';
import { existsSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { basename, delimiter, join } from 'node:path';
import { launch, type Browser, type HTTPRequest, type Page } from 'puppeteer-core';
import { serveSite, type Scripts } from '../src/site';
import { Weather } from '../src/weather.service';
import { buildForBrowsers } from './built';
import { bundledPage, bundlers } from './bundlers';

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
  let browser: Browser;
  let websocket: string;

  beforeAll(async () => {
    buildForBrowsers();
    server = await NatsServer.start({ config: 'websocket { listen: "127.0.0.1:-1", no_tls: true }' });
    const address = () => /Listening for websocket clients on (ws:\/\/[\d.:]+)/.exec(server.output)?.[1];
    await until(() => address() !== undefined);
    websocket = address()!;
    host = await NatsServiceFactory.create(Weather, { connection: { servers: server.url }, logger: false });
    browser = await launch({ executablePath: chromium!, args: ['--no-sandbox'] });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await host?.stop();
    await server?.stop();
  });

  it.each(bundlers)(
    'of %s finds services, calls, reads and leaves a stream, uploads, takes large replies, and cancels',
    async (_, bundle) => {
      expect(await linesOf(await bundle())).toEqual([
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
    },
    120_000,
  );

  describe('whose code of streams is loaded when a large reply has begun', () => {
    const archive = `
      const client = await ServiceClient.connect({ connection: { servers: document.body.dataset.nats } });
      const weather = await client.service('weather');
      say(await weather.archive().then(({ length }) => length, ({ message }) => message));
      say((await weather.forecast({ city: 'Oslo' })).celsius);`;

    it('loses nothing of what came before', async () => {
      let arrived = 0;
      const lines = await linesOf(await bundledPage(archive), async (page) => {
        const session = await page.createCDPSession();
        await session.send('Network.enable');
        session.on('Network.webSocketFrameReceived', ({ response }) => (arrived += response.payloadData.length));
        await interceptLaterScripts(page, async (request) => {
          await until(() => arrived > 1_000_000);
          await request.continue();
        });
      });
      expect(lines).toEqual(['3000000', '4']);
    }, 60_000);

    it('fails that call alone where the code cannot be loaded', async () => {
      const lines = await linesOf(await bundledPage(archive), (page) =>
        interceptLaterScripts(page, (request) => request.abort()),
      );
      expect(lines).toEqual([expect.stringContaining('dynamically imported module'), '4']);
    }, 60_000);
  });

  /** What a page says. @param prepare before it is opened */
  async function linesOf(scripts: Scripts, prepare?: (page: Page) => Promise<void>): Promise<string[]> {
    const site = await serveSite(websocket, 0, scripts);
    const page = await browser.newPage();
    try {
      await prepare?.(page);
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
      await page.waitForSelector('body[data-state=done]', { timeout: 30_000 });
      return ((await page.evaluate("document.querySelector('#log').textContent")) as string).trim().split('\n');
    } finally {
      await page.close();
      site.close();
    }
  }

  /** Scripts that the page loads after it has begun to run. */
  async function interceptLaterScripts(page: Page, handle: (request: HTTPRequest) => Promise<void>): Promise<void> {
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      const isLater = basename(request.url()).startsWith('streams');
      void (isLater ? handle(request) : request.continue());
    });
  }
});
