import { Endpoint, NatsServiceFactory, Service } from '@natsmith/core';
import { connect } from 'nats';
import { anchorsOf, read, tableOf } from '#test/docs/markdown';
import { useServer } from '#test/matrix';
import * as fleetMetrics from '../src/fleet/metrics';
import * as hostMetrics from '../src/host/metrics';
import type { Metric } from '../src/exposition/metric';
import { observe } from '../src/index';
import { page } from './pages';

@Service({ name: 'reports', version: '1.0.0' })
class Reports {
  @Endpoint() daily(): string {
    return 'all well';
  }
}

const REFERENCE = 'docs/reference/telemetry.md';

describe('the pages about metrics', () => {
  const server = useServer('broker');

  it('show how a host is observed', async () => {
    const connection = await connect({ servers: server.url });
    const port = 0;
    // #region observe
    const host = await NatsServiceFactory.create(Reports, { connection });
    const observer = await observe(host, { port }); // default 9464; until the host has stopped
    // #endregion
    expect(observer.url).toBe(`http://127.0.0.1:${observer.port}`);
    expect((await page(`${observer.url}/ready`)).status).toBe(200);
    await host.stop();
    await connection.close();
  });

  it('list all metrics, with their types', () => {
    const known = [hostMetrics, fleetMetrics]
      .flatMap((all): (Metric | ReadonlyMap<string, Metric>)[] => Object.values(all))
      .flatMap((one) => ('name' in one ? [one] : [...one.values()]));
    const listed = ['a handler', 'the connection', 'all services'].flatMap((owner) =>
      tableOf(REFERENCE, [`metric of ${owner}`, 'type', 'means']),
    );
    expect(listed.map(([name, type]) => `${name} ${type}`).sort()).toEqual(
      known.map(({ name, type }) => `${name} ${type}`).sort(),
    );
  });

  it('have a section for each alert, which the alert leads to', () => {
    const rules = read('packages/observe/prometheus/alerts.yaml');
    const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = '']) => name.toLowerCase());
    const links = [...rules.matchAll(/runbook_url: \S+\/docs\/guide\/on-call\.md#(\S+)/g)].map(([, anchor]) => anchor);
    expect(links).toEqual(alerts);
    expect(anchorsOf('docs/guide/on-call.md')).toEqual(expect.arrayContaining(alerts));
  });
});
