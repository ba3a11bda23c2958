import { markHandler, type HandlerDecorator } from '@natsmith/core';
import type { Event, Received } from '@natsmith/protocol';
import type { EventStream } from '../contract/event-stream';
import type { BatchContext, BatchOptions } from './batch-context';
import type { ConsumeMark, ConsumeOptions, ConsumerContext } from './consumer-context';
import { consumerSource } from './consumer-source';

/**
 * Makes a method the handler of a durable consumer: `(payload, ctx) => …`. Each message is handled at least once, by one
 * of the service's instances. Returning acknowledges it; what is thrown lets it come again, and buries it as a dead letter
 * after the last attempt. `Retry`, `Reject` and `Drop` say otherwise. With `batch`, the handler gets several payloads at
 * once: returning acknowledges all, throwing fails all, `ctx.messages[i].fail(error)` ends one.
 */
export function Consume<E extends Event, const C extends E>(
  stream: EventStream<E>,
  event: C | readonly C[],
  options: ConsumeOptions<C> & { readonly batch: BatchOptions },
): HandlerDecorator<(payloads: Received<C>[], ctx: BatchContext<C>) => unknown>;
export function Consume<E extends Event, const C extends E>(
  stream: EventStream<E>,
  event: C | readonly C[],
  options?: ConsumeOptions<C> & { readonly batch?: undefined },
): HandlerDecorator<(payload: Received<C>, ctx: ConsumerContext<C>) => unknown>;
export function Consume(
  stream: EventStream,
  event: Event | readonly Event[],
  options: ConsumeOptions = {},
): HandlerDecorator<(payload: never, ctx: never) => unknown> {
  return (...[target, place]) => {
    const events: readonly Event[] = Array.isArray(event) ? (event as readonly Event[]) : [event as Event];
    const mark: ConsumeMark = { stream, events, options };
    markHandler(target, place as never, consumerSource, mark);
  };
}
