import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  Endpoint,
  event,
  Service,
  ServiceError,
  Subscribe,
  Use,
  type Logger,
  type MessageEnd,
  type MessageError,
  type MessageStart,
  type RequestContext,
} from '@natsmith/core';
import { connect, createInbox, headers, type NatsConnection } from 'nats';
import { useHosts } from '#test/hosts';
import { onEachServer } from '#test/matrix';
import { until } from '#test/until';

const Placed = event('channels.{id}.placed', 'unchecked');
const store = new AsyncLocalStorage<string>();
let release: () => void = () => undefined;
const inHandlers: unknown[] = [];

@Service({ name: 'channels', version: '1.0.0' })
class Channels {
  @Endpoint() fine(): string {
    inHandlers.push(store.getStore());
    return 'fine';
  }

  @Endpoint() async slow(_: undefined, ctx: RequestContext): Promise<void> {
    await new Promise<void>((resolve) => {
      release = resolve;
      ctx.signal.addEventListener('abort', () => resolve());
    });
  }

  @Endpoint({ timeout: 30 }) late(): Promise<never> {
    return new Promise(() => undefined);
  }

  @Endpoint({ concurrency: 1, maxPending: 0 }) async one(): Promise<void> {
    await new Promise<void>((resolve) => (release = resolve));
  }

  @Endpoint({ concurrency: 1 }) async queued(): Promise<void> {
    await new Promise<void>((resolve) => (release = resolve));
  }

  @Endpoint() refuse(): void {
    throw new ServiceError(404, 'no such thing');
  }

  @Endpoint() break(): void {
    throw new TypeError('secret');
  }

  @Use(async (_, next) => next())
  @Endpoint()
  async *items(): AsyncGenerator<number> {
    yield 1;
    inHandlers.push(store.getStore());
    await new Promise<void>((resolve) => (release = resolve));
    yield 2;
  }

  @Subscribe(Placed) placed(): void {
    inHandlers.push(store.getStore());
  }
}

onEachServer((server) => {
  describe('the channels natsmith:message:*', () => {
    const hosts = useHosts();
    let nc: NatsConnection;
    let seen: string[];
    let ends: MessageEnd[];
    const contexts = new WeakMap<object, number>();
    const logged: unknown[] = [];
    // The host has something to say, too, which belongs to no message.
    const noteStore = (_: object, message: string): void => {
      if (['request', 'event'].includes(message) || message === 'handler failed') logged.push(store.getStore());
    };
    const logger: Logger = { debug: noteStore, info: () => undefined, warn: noteStore, error: noteStore };

    const onStart = (message: unknown): void => {
      const { ctx } = message as MessageStart;
      contexts.set(ctx, 1);
      seen.push(`start ${ctx.kind} ${ctx.handler.name}`);
    };
    const onError = (message: unknown): void => {
      const { ctx, error } = message as MessageError;
      seen.push(`error ${ctx.handler.name} ${String(error)}`);
    };
    const onEnd = (message: unknown): void => {
      const end = message as MessageEnd;
      ends.push(end);
      seen.push(`end ${end.ctx.handler.name} ${end.outcome} ${end.code} ${end.description}`);
      if (!contexts.delete(end.ctx)) seen.push('an end without a start');
    };
    beforeEach(async () => {
      seen = [];
      ends = [];
      inHandlers.length = logged.length = 0;
      subscribe('natsmith:message:start', onStart);
      subscribe('natsmith:message:error', onError);
      subscribe('natsmith:message:end', onEnd);
      nc = await connect({ servers: server.url });
      await hosts.start(Channels, { connection: { servers: server.url }, logger });
    });
    afterEach(async () => {
      unsubscribe('natsmith:message:start', onStart);
      unsubscribe('natsmith:message:error', onError);
      unsubscribe('natsmith:message:end', onEnd);
      await nc.close();
    });

    it('tell of what returned, what was refused on purpose, and what broke', async () => {
      for (const name of ['fine', 'refuse', 'break']) await nc.request(name);
      expect(seen).toEqual([
        'start endpoint fine',
        'end fine done undefined undefined',
        'start endpoint refuse',
        'error refuse ServiceError: 404: no such thing',
        'end refuse failed 404 no such thing',
        'start endpoint break',
        'error break TypeError: secret',
        'end break failed 500 internal error',
      ]);
      expect(ends[0]).toEqual({
        ctx: expect.anything() as object,
        waited: 0,
        outcome: 'done',
        code: undefined,
        description: undefined,
        duration: expect.any(Number) as number,
      });
    });

    it('carry what a log line for each failure needs', async () => {
      const lines: string[] = [];
      // #region listener
      const noteFailure = (message: unknown): void => {
        const { ctx, outcome, code, description, duration } = message as MessageEnd;
        const { kind, service, handler } = ctx;
        if (outcome !== 'done')
          lines.push(`${kind} ${service.name}.${handler.name}: ${code} ${description} after ${duration} ms`);
      };
      subscribe('natsmith:message:end', noteFailure);
      // #endregion listener
      try {
        await nc.request('refuse');
        expect(lines).toEqual([
          expect.stringMatching(/^endpoint channels\.refuse: 404 no such thing after [\d.]+ ms$/),
        ]);
      } finally {
        unsubscribe('natsmith:message:end', noteFailure);
      }
    });

    it('tell of events', async () => {
      nc.publish('channels.1.placed', '{}');
      await until(() => ends.length === 1);
      expect(seen).toEqual(['start event placed', 'end placed done undefined undefined']);
    });

    it('tell of what finds no place, which middleware never sees', async () => {
      const first = nc.request('one');
      await until(() => seen.length === 1);
      await nc.request('one');
      expect(seen).toEqual([
        'start endpoint one',
        'start endpoint one',
        'error one ServiceError: 503: too many requests; try again later',
        'end one abandoned 503 too many requests; try again later',
      ]);
      release();
      await first;
    });

    it('tell of a message whose time passes while it waits for its place', async () => {
      const first = nc.request('queued');
      await until(() => seen.length === 1);
      const block = headers();
      block.set('Natsmith-Timeout', '20');
      await nc.request('queued', '', { headers: block, timeout: 2000 });
      expect(seen.slice(1)).toEqual([
        'start endpoint queued',
        'error queued ServiceError: 504: timeout',
        'end queued failed 504 timeout',
      ]);
      release();
      await first;
    });

    it('tell how long a message has waited for its place', async () => {
      const both = [nc.request('queued'), nc.request('queued')];
      await until(() => seen.length === 1);
      await nc.flush();
      await new Promise((resolve) => setTimeout(resolve, 30));
      release();
      await until(() => seen.length === 3);
      release();
      await Promise.all(both);
      expect(ends[1]!.waited).toBeGreaterThan(ends[0]!.waited);
    });

    it('tell of the time-out when the caller does, and of a request that its caller cancels', async () => {
      await nc.request('late');
      expect(seen.at(-1)).toBe('end late failed 504 timeout');
      const inbox = createInbox();
      const cancel = `${inbox}.cancel`;
      const block = headers();
      block.set('Natsmith-Cancel', cancel);
      nc.publish('slow', '', { reply: inbox, headers: block });
      await until(() => seen.at(-1) === 'start endpoint slow');
      await nc.flush();
      await until(() => {
        nc.publish(cancel);
        return seen.at(-1) === 'end slow failed 499 cancelled by the caller';
      });
    });

    it('tell of a stream when its last item has gone out', async () => {
      const inbox = createInbox();
      const subscription = nc.subscribe(inbox);
      nc.publish('items', '', { reply: inbox });
      await until(() => inHandlers.length === 1);
      expect(seen).toEqual(['start endpoint items']);
      release();
      await until(() => ends.length === 1);
      expect(seen).toEqual(['start endpoint items', 'end items done undefined undefined']);
      subscription.unsubscribe();
    });

    it('carry a store that is bound to the start into handlers, generator bodies and log lines', async () => {
      const start = channel('natsmith:message:start');
      start.bindStore(store, (message) => `trace of ${(message as MessageStart).ctx.handler.name}`);
      try {
        await nc.request('fine');
        nc.publish('channels.1.placed', '{}');
        await until(() => inHandlers.length === 2);
        const inbox = createInbox();
        nc.publish('items', '', { reply: inbox });
        await until(() => inHandlers.length === 3);
        release();
        await nc.request('break');
        expect(inHandlers).toEqual(['trace of fine', 'trace of placed', 'trace of items']);
        expect(new Set(logged)).toEqual(
          new Set(['trace of fine', 'trace of placed', 'trace of items', 'trace of break']),
        );
      } finally {
        start.unbindStore(store);
      }
    });
  });

  describe('the start of a message', () => {
    const hosts = useHosts();
    let nc: NatsConnection;
    let listener: (message: unknown) => void = () => undefined;
    const listen = (around: NonNullable<MessageStart['around']>): void => {
      listener = (message) => {
        const start = message as MessageStart;
        const inner = start.around;
        start.around = inner === undefined ? around : (run) => around(() => inner(run));
      };
      subscribe('natsmith:message:start', listener);
    };
    beforeEach(async () => {
      inHandlers.length = 0;
      nc = await connect({ servers: server.url });
      await hosts.start(Channels, { connection: { servers: server.url } });
    });
    afterEach(async () => {
      unsubscribe('natsmith:message:start', listener);
      await nc.close();
    });

    it('lets a listener run handlers and generator bodies in a scope of its choice', async () => {
      listen((run) => store.run('around', run));
      await nc.request('fine');
      nc.publish('items', '', { reply: createInbox() });
      await until(() => inHandlers.length === 2);
      release();
      expect(inHandlers).toEqual(['around', 'around']);
    });

    it('runs the message once where the listener does not run it, or does it twice', async () => {
      listen(() => undefined);
      expect((await nc.request('fine')).string()).toBe('"fine"');
      unsubscribe('natsmith:message:start', listener);
      listen((run) => {
        run();
        run();
      });
      expect((await nc.request('fine')).string()).toBe('"fine"');
      expect(inHandlers).toHaveLength(2);
    });
  });

  describe('service.stats()', () => {
    const hosts = useHosts();
    let nc: NatsConnection;
    beforeEach(async () => {
      nc = await connect({ servers: server.url });
    });
    afterEach(() => nc.close());

    it('counts durations, errors by code, what runs, what waits and what is turned away', async () => {
      const { service } = await hosts.start(Channels, { connection: { servers: server.url } });
      const of = async (name: string) => {
        const found = (await service.stats()).endpoints.find((one) => one.name === name);
        if (found === undefined) throw new Error(`no handler ${name}`);
        return found;
      };
      for (const name of ['fine', 'fine', 'refuse', 'break', 'late']) await nc.request(name);
      const { kind, measures, gauges } = await of('fine');
      expect([kind, gauges]).toEqual(['endpoint', {}]);
      expect(measures).toMatchObject({ errors: {}, inFlight: 0, waiting: 0, shed: 0 });
      expect(measures.durations.bounds).toHaveLength(14);
      expect(measures.durations.counts).toHaveLength(15);
      expect(measures.durations.counts.reduce((sum, count) => sum + count, 0)).toBe(2);
      expect((await of('refuse')).measures.errors).toEqual({ 404: 1 });
      expect((await of('break')).measures.errors).toEqual({ 500: 1 });
      const late = (await of('late')).measures;
      expect(late.errors).toEqual({ 504: 1 });
      expect(late.durations.counts[0]).toBe(0);
      expect(late.durations.sum).toBeGreaterThan(0.02);

      const pending = [nc.request('queued'), nc.request('queued'), nc.request('queued')];
      await until(async () => (await of('queued')).measures.waiting === 2);
      expect((await of('queued')).measures.inFlight).toBe(1);
      const releaseQueued = release;
      const one = nc.request('one');
      await until(async () => (await of('one')).measures.inFlight === 1);
      const releaseOne = release;
      await nc.request('one');
      expect((await of('one')).measures).toMatchObject({ shed: 1, errors: { 503: 1 }, inFlight: 1, waiting: 0 });
      releaseOne();
      await one;
      service.reset();
      expect((await of('one')).measures).toMatchObject({ shed: 0, errors: {}, inFlight: 0 });
      expect((await of('queued')).measures).toMatchObject({ inFlight: 1, waiting: 2 });
      releaseQueued();
      for (const left of [1, 0]) {
        await until(async () => (await of('queued')).measures.waiting === left && release !== releaseOne);
        release();
      }
      await Promise.all(pending);
    });

    it('is not what STATS answers: the wire has the fields of ADR-32 alone', async () => {
      await hosts.start(Channels, { connection: { servers: server.url } });
      const stats = (await nc.request('$SRV.STATS.channels')).json<{ endpoints: object[] }>();
      expect(Object.keys(stats.endpoints[0] ?? {})).toEqual([
        'name',
        'subject',
        'queue_group',
        'num_requests',
        'num_errors',
        'last_error',
        'processing_time',
        'average_processing_time',
      ]);
    });
  });
});
