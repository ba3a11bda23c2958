import {
  Endpoint,
  Service,
  ServiceError,
  StatsHandler,
  type Class,
  type EndpointStats,
  type RequestContext,
} from '@natsmith/core';
import { type StatsResponse } from '@natsmith/protocol';
import { type NatsConnection } from 'nats';
import { onEachServer } from '#test/matrix';
import { useHosts, type HostOptions, type Started } from '#test/hosts';
import { Log } from '#test/log';
import { schemaViolations } from './schemas';

/** At least that many ms by the clock that stats are measured with; timers may be a little early. */
async function work(ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) await new Promise((resolve) => setTimeout(resolve, end - performance.now()));
}

/** How long something took, in ns. */
async function time(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) * 1e6;
}

let release: () => void;

@Service({ name: 'worker', version: '1.0.0' })
class Worker {
  @Endpoint()
  async wait(): Promise<void> {
    await work(50);
  }

  @Endpoint()
  async waitAndFail(): Promise<void> {
    await work(50);
    throw new ServiceError(500, 'too bad');
  }

  @Endpoint()
  spin(): void {
    const end = performance.now() + 20;
    while (performance.now() < end);
  }

  @Endpoint({ concurrency: 1 })
  async oneByOne(): Promise<void> {
    await work(50);
  }

  @Endpoint({ timeout: 50 })
  hang(_payload: void, { signal }: RequestContext): Promise<void> {
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  }

  @Endpoint({ concurrency: 1, maxPending: 0 })
  refuse(): Promise<void> {
    return new Promise((resolve) => (release = resolve));
  }
}

onEachServer((server) => {
  const hosts = useHosts();
  let nc: NatsConnection;
  let log: Log;

  async function start(
    target: Class,
    options?: Partial<HostOptions<NatsConnection>>,
  ): Promise<Started<NatsConnection>> {
    log = new Log();
    const started = await hosts.start(target, { connection: { servers: server.url }, logger: log, ...options });
    nc = started.host.connection;
    return started;
  }
  const statsOf = async (endpoint: string): Promise<EndpointStats> => {
    const { endpoints } = (await nc.request('$SRV.STATS.worker')).json<StatsResponse>();
    return endpoints.find(({ name }) => name === endpoint)!;
  };

  describe('processing time', () => {
    beforeEach(() => start(Worker));

    it('of an async handler of 50 ms is at least 50,000,000 ns', async () => {
      const taken = await time(() => nc.request('wait'));
      const { processing_time, average_processing_time } = await statsOf('wait');
      expect(processing_time).toBeGreaterThanOrEqual(50_000_000);
      expect(processing_time).toBeLessThan(taken);
      expect(average_processing_time).toBe(processing_time);
    });

    it('of a handler that keeps the thread busy counts the same', async () => {
      await nc.request('spin');
      expect((await statsOf('spin')).processing_time).toBeGreaterThanOrEqual(20_000_000);
    });

    it('of a handler that rejects counts the same', async () => {
      await nc.request('waitAndFail');
      const stats = await statsOf('waitAndFail');
      expect(stats.processing_time).toBeGreaterThanOrEqual(50_000_000);
      expect(stats).toMatchObject({ num_requests: 1, num_errors: 1, last_error: '500:too bad' });
    });

    it('of requests at the same time is the sum of their times', async () => {
      await Promise.all(Array.from({ length: 20 }, () => nc.request('wait')));
      const stats = await statsOf('wait');
      expect(stats.num_requests).toBe(20);
      expect(stats.processing_time).toBeGreaterThanOrEqual(20 * 50_000_000);
      expect(stats.average_processing_time).toBe(Math.floor(stats.processing_time / 20));
    });

    it('does not count the time that a request waits for its turn', async () => {
      const taken = await time(() => Promise.all([1, 2, 3].map(() => nc.request('oneByOne'))));
      const { processing_time } = await statsOf('oneByOne');
      expect(processing_time).toBeGreaterThanOrEqual(150_000_000);
      // Together no more than passed: with the time in the queue it would be about twice as much.
      expect(processing_time).toBeLessThan(taken);
    });

    it('does not count before the request has ended', async () => {
      const reply = nc.request('refuse', '', { timeout: 20_000 });
      await nc.flush();
      expect(await statsOf('refuse')).toMatchObject({ num_requests: 0, processing_time: 0 });
      release();
      await reply;
      expect(await statsOf('refuse')).toMatchObject({ num_requests: 1 });
    });

    it('of a request over its timeout is the timeout, and the request is an error', async () => {
      await nc.request('hang');
      const stats = await statsOf('hang');
      expect(stats).toMatchObject({ num_requests: 1, num_errors: 1, last_error: '504:timeout' });
      expect(stats.processing_time).toBeGreaterThan(45_000_000);
    });

    it('of a refused request is its own, not that of the request that it found running', async () => {
      const running = nc.request('refuse');
      await nc.flush();
      await work(30);
      // One after the other: together they cannot take longer than the caller waits, unless more is counted.
      const taken = await time(async () => {
        await nc.request('refuse');
        await nc.request('refuse');
      });
      const stats = await statsOf('refuse');
      expect(stats).toMatchObject({ num_requests: 2, num_errors: 2 });
      expect(stats.last_error).toMatch(/^503:/);
      expect(stats.processing_time).toBeLessThan(taken);
      release();
      await running;
    });

    it('of each endpoint is its own', async () => {
      await nc.request('spin');
      expect(await statsOf('wait')).toMatchObject({ num_requests: 0, processing_time: 0 });
    });
  });

  it('a reset while requests run: what ends afterwards counts anew', async () => {
    const { service } = await start(Worker);
    await nc.request('wait');
    const reply = nc.request('wait');
    await nc.flush();
    service.reset();
    await reply;
    expect(await statsOf('wait')).toMatchObject({ num_requests: 1 });
  });

  describe('percentiles', () => {
    const dataOf = async (endpoint: string) => (await statsOf(endpoint)).data;

    it('of durations are the data of endpoints, where the host is to give them', async () => {
      const { service } = await start(Worker, { percentiles: true });
      await nc.request('wait');
      const { p50, p95, p99 } = (await dataOf('wait')) as Record<string, number>;
      expect(p50).toBeGreaterThanOrEqual(50_000_000);
      expect([p95, p99]).toEqual([p50, p50]);
      expect(await dataOf('spin')).toBeUndefined();
      service.reset();
      expect(await dataOf('wait')).toBeUndefined();
    });

    it('give way to a stats handler', async () => {
      @Service({ name: 'worker', version: '1.0.0' })
      class Measured {
        @Endpoint() measured(): void {}
        @StatsHandler() data(): string {
          return 'its own';
        }
      }
      await start(Measured, { percentiles: true });
      await nc.request('measured');
      expect(await dataOf('measured')).toBe('its own');
    });

    it('are not there unasked', async () => {
      await start(Worker);
      await nc.request('spin');
      expect(await dataOf('spin')).toBeUndefined();
    });
  });

  describe('a stats handler', () => {
    let give: (stats: EndpointStats) => unknown;

    @Service({ name: 'told', version: '1.0.0' })
    class Told {
      readonly secret = 42;

      @Endpoint()
      first(): void {}

      @Endpoint()
      second(): void {}

      @StatsHandler()
      data(stats: EndpointStats): unknown {
        return give.call(this, stats);
      }
    }

    async function dataOf(handler: typeof give): Promise<unknown[]> {
      give = handler;
      const reply = (await nc.request('$SRV.STATS.told', '', { timeout: 20_000 })).json<StatsResponse>();
      expect(schemaViolations('STATS', reply)).toEqual([]);
      expect(reply.endpoints.map(({ name }) => name)).toEqual(['first', 'second']);
      return reply.endpoints.map((endpoint) => ('data' in endpoint ? endpoint.data : 'no data'));
    }

    beforeEach(() => start(Told));

    it('is asked for each endpoint, with its numbers, and what it gives is "data"', async () => {
      await nc.request('second');
      const data = await dataOf(({ name, subject, queue_group, num_requests }) => [
        name,
        subject,
        queue_group,
        num_requests,
      ]);
      expect(data).toEqual([
        ['first', 'first', 'q', 0],
        ['second', 'second', 'q', 1],
      ]);
    });

    it('is a method of the instance', async () => {
      expect(
        await dataOf(function (this: Told) {
          return this.secret;
        }),
      ).toEqual([42, 42]);
    });

    it('may be async', async () => {
      expect(await dataOf(async ({ name }) => work(20).then(() => ({ name })))).toEqual([
        { name: 'first' },
        { name: 'second' },
      ]);
    });

    it.each([
      ['null', null, null],
      ['false', false, false],
      ['0', 0, 0],
      ['an empty text', '', ''],
      ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
      ['undefined: no data', undefined, 'no data'],
    ])('may give %s', async (_what, value, expected) => {
      expect(await dataOf(() => value)).toEqual([expected, expected]);
    });

    it('cannot change the numbers', async () => {
      await dataOf((stats) => {
        stats.num_requests = -1;
        stats.name = 'bad name';
      });
      const { endpoints } = (await nc.request('$SRV.STATS.told')).json<StatsResponse>();
      expect(endpoints[0]).toMatchObject({ name: 'first', num_requests: 0 });
    });

    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    it.each<[string, (stats: EndpointStats) => unknown]>([
      [
        'throws',
        () => {
          throw new Error('broken');
        },
      ],
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      ['rejects with undefined', () => Promise.reject(undefined)],
      ['rejects', () => Promise.reject(new Error('broken'))],
      ['rejects late', () => work(10).then(() => Promise.reject(new Error('broken')))],
      ['hangs', () => new Promise(() => {})],
      ['gives a thenable that hangs', () => ({ then: () => {} })],
      ['gives a BigInt', () => 1n],
      ['gives a cycle', () => cyclic],
      [
        'gives an object whose toJSON throws',
        () => ({
          toJSON() {
            throw new Error('broken');
          },
        }),
      ],
      ['gives more than max_payload', () => 'x'.repeat(1024 * 1024)],
    ])('that %s loses only its data, and is logged', async (_what, handler) => {
      expect(await dataOf(handler)).toEqual(['no data', 'no data']);
      expect(log.find('error', /stats handler/).length + log.find('warn', /max_payload/).length).toBeGreaterThan(1);
    });

    it('that fails for one endpoint leaves the data of the other', async () => {
      const data = await dataOf(({ name }) => (name === 'first' ? Promise.reject(new Error('broken')) : 'fine'));
      expect(data).toEqual(['no data', 'fine']);
    });

    it.each([
      ['a function', () => () => {}],
      ['a symbol', () => Symbol('x')],
    ])('that returns %s yields no data', async (_what, handler) => {
      expect(await dataOf(handler)).toEqual(['no data', 'no data']);
    });

    it('is not asked for PING and INFO', async () => {
      give = jest.fn();
      await nc.request('$SRV.PING.told');
      await nc.request('$SRV.INFO.told');
      expect(give).not.toHaveBeenCalled();
    });

    it('is inherited', async () => {
      @Service({ name: 'heir', version: '1.0.0' })
      class Heir extends Told {}
      await start(Heir);
      give = () => 'inherited';
      const { endpoints } = (await nc.request('$SRV.STATS.heir')).json<StatsResponse>();
      expect(endpoints.map(({ data }) => data)).toEqual(['inherited', 'inherited']);
    });
  });
});
