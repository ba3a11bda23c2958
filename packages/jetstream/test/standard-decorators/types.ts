/* Compiled with experimental and with standard decorators; an error where @ts-expect-error has none fails both. */
import {
  event,
  only,
  Service,
  unchecked,
  Use,
  type EventContext,
  type MessageContext,
  type Middleware,
} from '@natsmith/core';
import {
  bucket,
  Consume,
  eventStream,
  key,
  Schedule,
  Watch,
  type BatchContext,
  type ConsumerContext,
  type ScheduleContext,
  type WatchContext,
} from '@natsmith/jetstream';
import { z } from 'zod';

const Order = z.object({ id: z.number(), note: z.string().transform((note) => note.length) });
interface Text {
  text: string;
}
const Placed = event('orders.{id}.placed', Order);
const Shipped = event('orders.{id}.shipped.{carrier}', unchecked<Text>());
const Billed = event('bills.{number}', unchecked<Text>());
const Orders = eventStream('TYPED_ORDERS', { events: [Placed, Shipped] });
const LimitOf = key('limits.{name}', z.object({ most: z.number() }));
const Mode = key('mode', unchecked<'day' | 'night'>());
const Elsewhere = key('elsewhere', unchecked<Text>());
const Config = bucket('typed-config', { keys: [LimitOf, Mode] });
declare const middleware: Middleware;
const batch = { size: 10, wait: '10ms' } as const;

@Service({ name: 'fine', version: '1.0.0' })
@Use(middleware)
export class Fine {
  @Consume(Orders, Placed)
  output(_: { id: number; note: number }, ctx: ConsumerContext<typeof Placed>): string {
    return ctx.params.id;
  }
  @Consume(Orders, [Placed, Shipped], { orderBy: 'id', retry: { attempts: 2, delays: ['1s', 500] } })
  async either(_: { id: number; note: number } | Text, ctx: ConsumerContext): Promise<number> {
    return await Promise.resolve(ctx.attempt);
  }
  @Consume(Orders, Shipped, { orderBy: 'carrier', deadLetters: false, from: new Date(0) })
  wider(_: object): void {}
  @Consume(Orders, Placed, { batch })
  batch(all: { note: number }[], ctx: BatchContext<typeof Placed>): void {
    for (const [i, { note }] of all.entries())
      if (note === 0) ctx.messages[i]?.fail(new Error(ctx.messages[i].params.id));
  }
  @Watch(Config, LimitOf)
  limit(limit: { most: number } | undefined, ctx: WatchContext<typeof LimitOf>): string {
    return `${ctx.params.name} ${limit?.most ?? ctx.operation}`;
  }
  @Watch(Config, Mode)
  mode(_: 'day' | 'night' | undefined): void {}
  @Schedule('0 5 * * *', { timeZone: 'Europe/Berlin', missed: 'skip' })
  nightly(_: undefined, ctx: ScheduleContext): Date {
    return ctx.scheduledAt;
  }
  @Schedule('@every 10s')
  @Use(middleware)
  bare(): void {}
}

const ofConsumers: Middleware<'consumer'> = (ctx, next) => (ctx.attempt > 1 ? next() : undefined);
Use(only('consumer', ofConsumers));
// @ts-expect-error middleware of one kind is given by only()
Use(ofConsumers);
// @ts-expect-error another kind
only('batch', ofConsumers);

/** What each kind has of its own. */
export function narrowed(ctx: MessageContext): unknown {
  if (ctx.kind === 'consumer') return ctx.attempt + ctx.sequence;
  if (ctx.kind === 'batch') return ctx.messages.length;
  if (ctx.kind === 'watch') return ctx.revision;
  if (ctx.kind === 'schedule') return ctx.trigger satisfies 'schedule' | 'manual';
  // @ts-expect-error neither a request nor an event has attempts
  return ctx.attempt;
}

export class Contradicting {
  // @ts-expect-error the stream does not store this event
  @Consume(Orders, Billed)
  elsewhere(_: Text): void {}
  // @ts-expect-error the event carries something else
  @Consume(Orders, Placed)
  payload(_: Text): void {}
  // @ts-expect-error the schema gives a number
  @Consume(Orders, Placed)
  input(_: { id: number; note: string }): void {}
  // @ts-expect-error both events must be taken
  @Consume(Orders, [Placed, Shipped])
  half(_: Text): void {}
  // @ts-expect-error the event has no such token
  @Consume(Orders, Placed, { orderBy: 'carrier' })
  order(_: object): void {}
  // @ts-expect-error a batch is a list
  @Consume(Orders, Shipped, { batch })
  one(_: Text): void {}
  // @ts-expect-error a list is for batches
  @Consume(Orders, Shipped)
  list(_: Text[]): void {}
  // @ts-expect-error the context of a batch
  @Consume(Orders, Shipped, { batch })
  batchContext(_: Text[], ctx: ConsumerContext): number {
    return ctx.attempt;
  }
  // @ts-expect-error the context of core's events knows no attempt
  @Consume(Orders, Shipped)
  eventContext(_: Text, ctx: EventContext): string {
    return ctx.kind;
  }
  // @ts-expect-error the event has no such parameter
  @Consume(Orders, Placed)
  param(_: object, ctx: ConsumerContext<typeof Shipped>): string {
    return ctx.params.carrier;
  }
  // @ts-expect-error a misspelled option
  @Consume(Orders, Shipped, { retries: 5 })
  option(_: Text): void {}
  // @ts-expect-error not a duration
  @Consume(Orders, Shipped, { ackWait: '30 seconds' })
  duration(_: Text): void {}
  // @ts-expect-error not a start
  @Consume(Orders, Shipped, { from: 'last' })
  from(_: Text): void {}
  // @ts-expect-error a size without a wait
  @Consume(Orders, Shipped, { batch: { size: 10 } })
  size(_: Text[]): void {}
  // @ts-expect-error a field is not a method
  @Consume(Orders, Shipped)
  consumerField = 1;

  // @ts-expect-error the bucket does not have this key
  @Watch(Config, Elsewhere)
  otherKey(_: Text | undefined): void {}
  // @ts-expect-error the value may have been deleted
  @Watch(Config, LimitOf)
  deleted(_: { most: number }): void {}
  // @ts-expect-error the key keeps something else
  @Watch(Config, Mode)
  value(_: Text | undefined): void {}
  // @ts-expect-error the key has no such token
  @Watch(Config, Mode)
  token(_: unknown, ctx: WatchContext<typeof LimitOf>): string {
    return ctx.params.name;
  }
  // @ts-expect-error a watch takes one change after the other
  @Watch(Config, Mode, { concurrency: 4 })
  concurrency(_: unknown): void {}

  // @ts-expect-error a tick carries nothing
  @Schedule('0 5 * * *')
  tick(_: Text): void {}
  // @ts-expect-error the context of a schedule
  @Schedule('0 5 * * *')
  context(_: undefined, ctx: ConsumerContext): number {
    return ctx.sequence;
  }
  // @ts-expect-error a schedule needs a pattern
  @Schedule()
  pattern(): void {}
  // @ts-expect-error the last one, or none
  @Schedule('0 5 * * *', { missed: 'all' })
  missed(): void {}
  // @ts-expect-error an event is what a consumer takes
  @Schedule(Placed)
  event(): void {}
}
