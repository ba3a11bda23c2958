import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Endpoint, event, Group, Service, ServiceError, unchecked } from '@natsmith/core';
import { Consume, eventStream, JetStreamPublisher } from '@natsmith/jetstream';
import { connect, headers, type NatsConnection } from 'nats';
import { useHosts } from '#test/hosts';
import { useServer } from '#test/matrix';
import { observe, type Observer } from '../../src/index';
import { eventually, page } from '../pages';
import { describeWithPrometheus, promtool, Prometheus } from './prometheus';

const PACKAGE = join(__dirname, '../..');
const ALERTS = join(PACKAGE, 'prometheus/alerts.yaml');
const TRACE = '0af7651916cd43dd8448eb211c80319c';

const Task = event('scraped-tasks.{id}', unchecked<{ mood: 'fine' | 'refused' | 'broken' }>());
const Tasks = eventStream('SCRAPED', { events: [Task] });

@Service({ name: 'scraped', version: '1.0.0' })
@Group('scraped')
class Scraped {
  @Endpoint() fine(): void {}

  @Endpoint() broken(): void {
    throw new Error('broken');
  }

  @Endpoint({ concurrency: 1, maxPending: 0 }) async narrow(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  @Consume(Tasks, Task, { retry: { attempts: 3, delays: ['50ms'] } }) work({ mood }: { mood: string }): void {
    if (mood === 'refused') throw new ServiceError(400, 'refused');
    if (mood === 'broken') throw new Error('broken');
  }
}

interface Dashboard {
  panels: { title: string; targets?: { expr: string }[] }[];
}

/** Panels of the dashboard with their queries, as Grafana would send them. */
function queriesOfDashboard(): [panel: string, query: string][] {
  const { panels } = JSON.parse(readFileSync(join(PACKAGE, 'grafana/natsmith.json'), 'utf8')) as Dashboard;
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [
      title,
      expr.replaceAll('$__rate_interval', '10s').replaceAll(/\$(service|handler)/g, '.*'),
    ]),
  );
}

describeWithPrometheus('Prometheus', (programs) => {
  const server = useServer('broker', { jetstream: true });
  const hosts = useHosts();
  let caller: NatsConnection;
  let observer: Observer;

  beforeEach(async () => {
    caller = await connect({ servers: server.url });
    const { host } = await hosts.start(Scraped, { connection: { servers: server.url } });
    observer = await observe(host, { port: 0 });
  });
  afterEach(() => caller.close());

  /** Calls, well and badly, until it is ended. */
  const keepBusy = (): AsyncDisposable => {
    const publisher = new JetStreamPublisher(caller);
    const traced = headers();
    traced.set('traceparent', `00-${TRACE}-b7ad6b7169203331-01`);
    let isOver = false;
    const work = async (): Promise<void> => {
      for (let id = 0; !isOver; id++) {
        const mood = (['fine', 'refused', 'broken'] as const)[id % 3] ?? 'fine';
        await Promise.all([
          caller.request('scraped.fine', '', { headers: traced, timeout: 5000 }),
          ...['broken', 'narrow', 'narrow'].map((name) => caller.request(`scraped.${name}`, '', { timeout: 5000 })),
          publisher.publish(Task, { mood }, { params: { id: String(id) } }),
        ]);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const ended = work();
    return {
      [Symbol.asyncDispose]: async () => {
        isOver = true;
        await ended;
      },
    };
  };

  it.each([
    ['nothing in particular', undefined],
    ["Prometheus's text", 'text/plain;version=0.0.4'],
  ])('promtool check metrics accepts /metrics where %s is asked for', async (_, accept) => {
    for (const name of ['fine', 'broken']) await caller.request(`scraped.${name}`);
    const { body } = await page(`${observer.url}/metrics`, accept === undefined ? {} : { headers: { accept } });
    expect(await promtool(programs, ['check', 'metrics'], body)).toEqual({ code: 0, output: '' });
  });

  it('promtool accepts the alert rules, and they fire when they should and not else', async () => {
    expect(await promtool(programs, ['check', 'rules', ALERTS])).toMatchObject({ code: 0 });
    const tests = join(__dirname, 'alerts.test.yaml');
    expect(await promtool(programs, ['test', 'rules', tests])).toMatchObject({ code: 0 });
  });

  it('scrapes a host, stores its exemplars, and answers every query of the dashboard and of the alerts', async () => {
    await using prometheus = await Prometheus.start(programs, [`127.0.0.1:${observer.port}`], [ALERTS]);
    await using _busy = keepBusy();
    const unanswered = new Map(queriesOfDashboard().map(([panel, query]) => [query, panel]));
    expect(unanswered.size).toBeGreaterThan(20);
    await eventually(
      async () => {
        for (const query of [...unanswered.keys()]) {
          const results = await prometheus.query(query);
          if (results.length > 0 && results.some(({ value }) => value[1] !== 'NaN')) unanswered.delete(query);
        }
        return [...unanswered.values()];
      },
      (left) => left.length === 0,
    );
    const { activeTargets } = await prometheus.targets();
    expect(activeTargets).toMatchObject([{ health: 'up', lastError: '' }]);
    const exemplars = await prometheus.exemplars('natsmith_message_duration_seconds_bucket{handler="fine"}');
    expect(exemplars[0]?.exemplars[0]?.labels).toEqual({ trace_id: TRACE });
    const rules = await eventually(
      async () => (await prometheus.rules()).groups.flatMap((group) => group.rules),
      (all) => all.every(({ health }) => health !== 'unknown'),
    );
    expect(rules.map(({ name, health }) => `${name} ${health}`)).toEqual(rules.map(({ name }) => `${name} ok`));
  }, 120_000);
});
