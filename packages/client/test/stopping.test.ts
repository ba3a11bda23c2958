import { ServiceClient, ServiceError } from '@natsmith/client';
import { Endpoint, Service, type RequestContext } from '@natsmith/core';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';

let events: string[] = [];

@Service({ name: 'live', version: '1.0.0' })
class Live {
  /** Ends by itself. */
  @Endpoint()
  async *listens(_: undefined, { stopping }: RequestContext): AsyncGenerator<number> {
    for (let n = 1; !stopping.aborted; n++) {
      yield n;
      await delay(5);
    }
  }

  /** Waits for something that does not come. */
  @Endpoint()
  async *waits(_: undefined, { stopping }: RequestContext): AsyncGenerator<string> {
    yield 'first';
    await delay(60_000, undefined, { signal: stopping });
  }

  /** Hears of nothing. */
  @Endpoint()
  async *hangs(): AsyncGenerator<string> {
    yield 'first';
    await new Promise(() => undefined);
  }

  /** Hears of its end, not of the stop. */
  @Endpoint()
  async *hears(_: undefined, { signal }: RequestContext): AsyncGenerator<string> {
    try {
      yield 'first';
      await delay(60_000, undefined, { signal });
    } finally {
      await delay(20);
      events.push('cleaned up');
    }
  }

  /** Gives an item every 100 ms, ten of them. */
  @Endpoint()
  async *finishes(): AsyncGenerator<number> {
    for (let n = 1; n <= 10; n++) {
      yield n;
      await delay(100);
    }
  }

  @Endpoint()
  async long(_: undefined, { stopping }: RequestContext): Promise<string> {
    await delay(60_000, undefined, { signal: stopping }).catch(() => undefined);
    return 'cut short';
  }

  @Endpoint({ request: 'unchecked' })
  async given(signals: string, ctx: RequestContext): Promise<boolean> {
    await delay(1);
    held.push(ctx.stopping);
    return ctx.stopping.aborted;
  }

  onStop(): void {
    events.push('onStop');
  }
}

let held: AbortSignal[] = [];

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();
  let client: ServiceClient<Connection>;
  let live: Awaited<ReturnType<typeof find>>;
  let stop: () => Promise<unknown>;
  const find = () => client.service<Live>('live');

  beforeEach(async () => {
    events = [];
    held = [];
    const { host } = await start(Live, { connection: await library.connect(), stopTimeout: 600_000 });
    client = new ServiceClient(await library.connect());
    live = await find();
    stop = () => host.stop();
  });
  afterEach(() => client.close());

  /** Reads until the end; stops the service at the first item. */
  async function readThroughStop(stream: AsyncIterable<unknown>): Promise<{ items: number; end: unknown }> {
    let items = 0;
    let stopped: Promise<unknown> | undefined;
    let end: unknown = 'end';
    try {
      for await (const _ of stream) {
        items++;
        stopped ??= stop();
      }
    } catch (error) {
      end = error;
    }
    await stopped; // would take as long as stopTimeout, were anything waited for
    return { items, end };
  }

  describe('a stream at a graceful stop', () => {
    it('that listens to ctx.stopping ends by itself, and stop does not wait', async () => {
      expect(await readThroughStop(live.listens())).toMatchObject({ end: 'end' });
    });

    it('that passes ctx.stopping to what it waits for ends at once, for its reader with 503', async () => {
      const { items, end } = await readThroughStop(live.waits());
      expect(items).toBe(1);
      expect(end).toBeInstanceOf(ServiceError);
      expect(end).toMatchObject({ code: 503, description: 'stopping' });
    });

    it('that yields no item for 500 ms is ended with 503, whatever its handler does', async () => {
      const before = performance.now();
      const { items, end } = await readThroughStop(live.hangs());
      expect(items).toBe(1);
      expect(end).toMatchObject({ code: 503, description: 'stopping' });
      expect(performance.now() - before).toBeGreaterThan(450);
    });

    it('that is ended like that cleans up before onStop', async () => {
      const { end } = await readThroughStop(live.hears());
      expect(end).toMatchObject({ code: 503, description: 'stopping' });
      expect(events).toEqual(['cleaned up', 'onStop']);
    });

    it('that goes on giving items may finish', async () => {
      expect(await readThroughStop(live.finishes())).toMatchObject({ items: 10, end: 'end' });
    });
  });

  it('a long handler can end early, and its caller gets what it returns', async () => {
    const reply = live.long();
    await client.connection.flush();
    await delay(20);
    await stop();
    expect(await reply).toBe('cut short');
  });

  it('ctx.stopping is one signal for all requests, aborted with a 503 when the stop begins', async () => {
    expect(await Promise.all([live.given('a'), live.given('b')])).toEqual([false, false]);
    expect(new Set(held).size).toBe(1);
    await stop();
    expect(held[0]?.aborted).toBe(true);
    expect(held[0]?.reason).toMatchObject({ code: 503, description: 'stopping' });
  });
});
