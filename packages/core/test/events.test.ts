import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Endpoint,
  event,
  Group,
  Metadata,
  NatsServiceFactory,
  only,
  Service,
  ServiceError,
  Subscribe,
  unchecked,
  Use,
  type EventContext,
  type MessageContext,
  type Middleware,
  type Next,
  type RequestContext,
} from '@natsmith/core';
import { markReceived, type InfoResponse, type StatsResponse } from '@natsmith/protocol';
import { IsInt, IsString, Min } from 'class-validator';
import { z } from 'zod';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { until } from '#test/until';

class Order {
  @IsString() id!: string;
  @IsInt() @Min(1) quantity!: number;
}

const OrderPlaced = event('orders.{id}.placed', Order, { description: 'An order was taken' });
const OrderShipped = event('orders.{id}.shipped', z.object({ carrier: z.string().default('post') }));
const Ticked = event('ticks', unchecked<number>());

const seen: { by: string; payload: unknown; params: unknown; subject: string; kind: string }[] = [];
const note = (by: string, payload: unknown, ctx: MessageContext): void => {
  seen.push({ by, payload, params: { ...ctx.params }, subject: ctx.subject, kind: ctx.kind });
};
const store = new AsyncLocalStorage<string>();

const around: Middleware = async (ctx, next) => {
  ctx.state.set('kind', ctx.kind);
  return store.run(`inside ${ctx.handler.name}`, next);
};
const endpointsOnly = only('endpoint', (ctx: RequestContext, next: Next) => {
  ctx.replyHeaders.set('Seen', 'yes');
  return next();
});

@Service({ name: 'mailer', version: '1.0.0', queueGroup: 'ignored' })
@Group('mail')
@Use(around, endpointsOnly)
@Metadata({ team: 'post' })
class Mailer {
  @Subscribe(OrderPlaced)
  mail(order: Order, ctx: EventContext<typeof OrderPlaced>): string {
    const id: string = ctx.params.id;
    note(`mail of ${id}, ${store.getStore()}`, order, ctx);
    return 'ignored';
  }

  @Subscribe([OrderPlaced, OrderShipped], { name: 'audit', queueGroup: 'auditors', metadata: { team: 'audit' } })
  audited(payload: Order | { carrier: string }, ctx: EventContext<typeof OrderPlaced | typeof OrderShipped>): void {
    note(`audit of ${ctx.event.subject}`, payload, ctx);
  }

  @Subscribe(OrderPlaced, { name: 'cache', queueGroup: false })
  everywhere(order: Order, ctx: EventContext<typeof OrderPlaced>): void {
    note('cache', order, ctx);
  }

  @Endpoint()
  count(_payload: void, ctx: RequestContext): number {
    if (ctx.kind !== 'endpoint') throw new Error('another kind');
    return seen.length;
  }
}

@Service({ name: 'ticker', version: '1.0.0' })
class Ticker {
  @Subscribe(Ticked, { concurrency: 1, timeout: 100 })
  async tick(n: number, ctx: EventContext<typeof Ticked>): Promise<void> {
    if (n === 1) throw new ServiceError(409, 'not now', { data: { n } });
    if (n === 2) throw new Error('secret');
    if (n === 3)
      await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)));
    note('tick', n, ctx);
  }
}

const Failed = event('failed', String);
const received = (): ServiceError => markReceived(new ServiceError(404, 'no such order'));
const failures: Record<string, () => unknown> = {
  'on purpose, 500': () => new ServiceError(500, 'broken on purpose'),
  'on purpose, 502': () => new ServiceError(502, 'the other one is broken'),
  'with a cause': () => new ServiceError(409, 'with a cause', { cause: new Error('row 17') }),
  'from upstream': received,
  'from upstream, too late': () => {
    for (const end = performance.now() + 110; performance.now() < end;);
    return received();
  },
  unreadable: () =>
    new (class extends ServiceError {
      override get cause(): unknown {
        throw new Error('unreadable');
      }
    })(409, 'no'),
};

@Service({ name: 'failing', version: '1.0.0' })
class Failing {
  @Subscribe(Failed, { timeout: 100 })
  fail(how: string): never {
    throw failures[how]?.();
  }
}

onEachServerAndClient((_, client) => {
  const hosts = useHosts();
  let nc: Connection;
  beforeEach(async () => {
    nc = await client.connect();
    seen.length = 0;
  });
  const publish = (subject: string, payload: unknown, reply?: string): void =>
    nc.publish(subject, JSON.stringify(payload), reply === undefined ? {} : { reply });
  const by = (name: string) => seen.filter((one) => one.by.startsWith(name));
  const statsOf = async (name: string) => (await nc.request(`$SRV.STATS.${name}`)).json<StatsResponse>().endpoints;

  describe('an event', () => {
    it('is handled once by each handler of a service with several instances, and by every instance where asked', async () => {
      await hosts.start(Mailer, { connection: await client.connect() });
      await hosts.start(Mailer, { connection: await client.connect() });
      for (let i = 0; i < 20; i++) publish(`orders.o-${i}.placed`, { id: `o-${i}`, quantity: 1, extra: true });
      await until(() => by('cache').length === 40 && by('mail').length === 20 && by('audit').length === 20);
      const [first] = by('mail of o-0');
      expect(first).toMatchObject({
        by: 'mail of o-0, inside mail',
        params: { id: 'o-0' },
        subject: 'orders.o-0.placed',
        kind: 'event',
      });
      expect(first?.payload).toBeInstanceOf(Order);
      expect(first?.payload).toEqual({ id: 'o-0', quantity: 1 });
    });

    it('of several that one handler takes is narrowed by its context, its payload by its type', async () => {
      await hosts.start(Mailer, { connection: await client.connect() });
      publish('orders.a.shipped', {});
      await until(() => by('audit').length === 1);
      expect(by('audit')[0]).toMatchObject({ by: 'audit of orders.{id}.shipped', payload: { carrier: 'post' } });
    });

    it('never has anything published to its reply subject', async () => {
      await hosts.start(Mailer, { connection: await client.connect() });
      const replies: string[] = [];
      nc.subscribe('_INBOX.mine', { callback: (_error, message) => replies.push(message.string()) });
      publish('orders.a.placed', { id: 'a', quantity: 1 }, '_INBOX.mine');
      publish('orders.b.placed', { id: 'b', quantity: 0 }, '_INBOX.mine');
      await until(() => by('mail').length === 1);
      expect((await nc.request('mail.count')).json()).toBeGreaterThan(0);
      expect(replies).toEqual([]);
    });

    it('that is not valid, or whose handler throws or runs out of time, is counted and logged; the next one is handled', async () => {
      const log = new Log();
      await hosts.start(Ticker, { connection: await client.connect(), logger: log });
      nc.publish('ticks', '{');
      for (const n of [1, 2, 3]) publish('ticks', n);
      // One at a time, and the time of an event runs from its arrival: the next one is not to wait behind the third.
      await until(async () => (await statsOf('ticker'))[0]?.num_requests === 4);
      publish('ticks', 4);
      await until(() => by('tick').length === 1);
      await until(async () => (await statsOf('ticker'))[0]?.num_requests === 5);
      const [stats] = await statsOf('ticker');
      expect(stats).toMatchObject({ name: 'tick', subject: 'ticks', queue_group: 'ticker-tick', num_errors: 4 });
      expect(stats?.last_error).toBe('504:timeout');
      expect(log.find('warn', /event not handled: body is not valid JSON/)).toHaveLength(1);
      expect(log.find('warn', /event not handled: not now/)).toMatchObject([{ code: 409, data: { n: 1 } }]);
      expect(log.find('error', /handler failed/)).toMatchObject([{ subject: 'ticks', err: { message: 'secret' } }]);
    });

    it.each([
      ['on purpose, 500', 'event not handled: broken on purpose', '500:broken on purpose'],
      ['on purpose, 502', 'event not handled: the other one is broken', '502:the other one is broken'],
      ['with a cause', '409: with a cause', '409:with a cause'],
      ['from upstream', 'upstream error', '502:upstream error'],
      ['from upstream, too late', 'upstream error', '504:timeout'],
      ['unreadable', 'handler failed', '500:internal error'],
    ])('whose handler fails %s is one line in the log', async (how, line, error) => {
      const log = new Log();
      await hosts.start(Failing, { connection: await client.connect(), logger: log });
      publish('failed', how);
      await until(async () => (await statsOf('failing'))[0]?.num_errors === 1);
      expect((await statsOf('failing'))[0]?.last_error).toBe(error);
      expect([...log.of('warn'), ...log.of('error')].map(({ message }) => message)).toEqual([line]);
    });

    it('that is not valid cannot fill the log, however many there are', async () => {
      const log = new Log();
      await hosts.start(Failing, { connection: await client.connect(), logger: log });
      for (let n = 0; n < 500; n++) publish('failed', n);
      await until(async () => (await statsOf('failing'))[0]?.num_errors === 500);
      expect(log.find('warn', /event not handled: validation failed/)).toHaveLength(10);
    });

    it('takes middleware of all kinds, and none of other kinds', async () => {
      await hosts.start(Mailer, { connection: await client.connect() });
      publish('orders.a.placed', { id: 'a', quantity: 1 });
      await until(() => by('mail').length === 1);
      expect(by('mail')[0]?.by).toBe('mail of a, inside mail');
      expect((await nc.request('mail.count')).headers?.get('Seen')).toBe('yes');
    });

    it('finishes at a graceful stop', async () => {
      const { host } = await hosts.start(Ticker, { connection: await client.connect() });
      publish('ticks', 5);
      await nc.flush();
      await host.stop();
      expect(by('tick')).toHaveLength(1);
    });
  });

  describe('discovery', () => {
    it('lists handlers of events with their kind, one for each subject', async () => {
      await hosts.start(Mailer, { connection: await client.connect() });
      const info = (await nc.request('$SRV.INFO.mailer')).json<InfoResponse>();
      const entry = (name: string) =>
        info.endpoints
          .filter((one) => one.name === name)
          .map(({ subject, queue_group, metadata: { kind, team } }) => ({ subject, queue_group, kind, team }));
      expect(entry('count')).toEqual([
        { subject: 'mail.count', queue_group: 'ignored', kind: undefined, team: 'post' },
      ]);
      expect(entry('mail')).toEqual([
        { subject: 'orders.*.placed', queue_group: 'mailer-mail', kind: 'event', team: 'post' },
      ]);
      expect(entry('audit')).toEqual([
        { subject: 'orders.*.placed', queue_group: 'auditors', kind: 'event', team: 'audit' },
        { subject: 'orders.*.shipped', queue_group: 'auditors', kind: 'event', team: 'audit' },
      ]);
      expect(entry('cache')).toMatchObject([{ queue_group: '', kind: 'event' }]);
      expect(info.endpoints.find(({ name }) => name === 'mail')?.metadata).toMatchObject({
        subject_template: 'orders.{id}.placed',
        description: 'An order was taken',
        request_schema: expect.stringContaining('quantity') as string,
      });
    });
  });
});

describe('mistakes', () => {
  const refusal = (target: new () => object): Promise<string> =>
    NatsServiceFactory.create(target, { logger: false }).then(
      () => 'none',
      (error: Error) => error.message,
    );

  it('two handlers of one event in one queue group are refused', async () => {
    @Service({ name: 'twice', version: '1.0.0' })
    class Twice {
      @Subscribe(Ticked, { queueGroup: 'same' }) one(_n: number): void {}
      @Subscribe(Ticked, { queueGroup: 'same' }) two(_n: number): void {}
    }
    expect(await refusal(Twice)).toMatch(
      /^Twice\.two has the subject "ticks" of Twice\.one too, in the same queue group/,
    );
  });

  it('an event and an endpoint that overlap in one queue group are refused', async () => {
    @Service({ name: 'mixed', version: '1.0.0' })
    class Mixed {
      @Subscribe(event('work.*', 'unchecked'), { queueGroup: 'q' }) on(_n: number): void {}
      @Endpoint({ subject: 'work.do' }) act(): void {}
    }
    expect(await refusal(Mixed)).toMatch(/overlaps/);
  });

  it('what is not an event, bad options, generators and @Group are refused, all at once', async () => {
    @Service({ name: 'wrong', version: '1.0.0' })
    class Wrong {
      @Subscribe(undefined as never) nothing(_n: number): void {}
      @Subscribe(Ticked, { name: 'a b', timeout: -1 }) badly(_n: number): void {}
      @Group('x') @Subscribe(Ticked, { queueGroup: 'g' }) grouped(_n: number): void {}
      @Endpoint() @Subscribe(Ticked, { queueGroup: 'both' }) both(_n: number): void {}
      @Subscribe(Ticked, { queueGroup: 'gen' }) async *stream(_n: number): AsyncGenerator<number> {}
    }
    const message = await refusal(Wrong);
    expect(message).toMatch(/Wrong\.nothing subscribes to what is not an event; is one used before its declaration/);
    expect(message).toMatch(/Wrong\.badly handler name "a b"/);
    expect(message).toMatch(/Wrong\.badly timeout/);
    expect(message).toMatch(/Wrong\.grouped has @Group, which does not prefix @Subscribe; remove it/);
    expect(message).toMatch(/Wrong\.both has @Endpoint and @Subscribe; write one method for each/);
    expect(message).toMatch(/Wrong\.stream is an async generator/);
  });
});

/** Never runs: it only has to compile, and what is marked must not. */
export class TypeTests {
  @Subscribe(OrderPlaced) plain(_order: Order): void {}
  @Subscribe(OrderPlaced) less(_order: { id: string }): void {}
  @Subscribe([OrderPlaced, Ticked]) several(_payload: Order | number): void {}
  @Subscribe(OrderShipped) output(_payload: { carrier: string }): void {}
  // @ts-expect-error the payload has another type
  @Subscribe(OrderPlaced) wrong(_order: { other: string }): void {}
  // @ts-expect-error one of the events has another payload
  @Subscribe([OrderPlaced, Ticked]) one(_order: Order): void {}
  // @ts-expect-error another event's context
  @Subscribe(OrderPlaced) context(_order: Order, _ctx: EventContext<typeof Ticked>): void {}
  // @ts-expect-error no such option
  @Subscribe(OrderPlaced, { subject: 'x' }) option(_order: Order): void {}
  // @ts-expect-error middleware of one kind is given by only()
  @Use((ctx: RequestContext, next: Next) => next()) @Endpoint() direct(): void {}
  @Use(only('endpoint', (ctx: RequestContext, next: Next) => next())) @Endpoint() limited(): void {}
  @Use((ctx: MessageContext, next: Next) => (ctx.kind === 'endpoint' ? ctx.finished.then(next) : next()))
  @Endpoint()
  narrowed(): void {}
}
