import { channel } from 'node:diagnostics_channel';
import { DURATION_BOUNDS, type MessageEnd } from '@natsmith/core';
import { hasHeaders, headersIn, type WithHeaders } from '@natsmith/protocol';
import type { Exemplar } from '../exposition/metric';

/** `traceparent` of W3C Trace Context, of a trace that is recorded: others cannot be looked at. */
const RECORDED = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f][13579bdf](?:-|$)/;

/** The exemplars of one handler. */
interface Slots {
  readonly exemplars: (Exemplar | undefined)[];
  /** The buckets that have got one since they were last read; a second one there would be work for nothing. */
  readonly fresh: boolean[];
}

/** Which handler of a host it is. */
export interface HandlerAddress {
  /** Of the service's instance. */
  readonly id: string;
  readonly name: string;
  readonly subject: string;
}

/** Remembers a message with a trace for each handler and bucket of its durations. */
export class Exemplars {
  private readonly ofAddresses = new Map<string, Slots>();
  /** By the object that all messages of a handler share; null for handlers of others. */
  private readonly ofHandlers = new WeakMap<object, Slots | null>();
  private readonly listener = (message: unknown): void => this.note(message as MessageEnd);

  /** @param ids of the instances that are observed: other hosts of the process publish on the same channel */
  constructor(private readonly ids: ReadonlySet<string>) {
    channel(END).subscribe(this.listener);
  }

  of(handler: HandlerAddress): readonly (Exemplar | undefined)[] | undefined {
    const slots = this.ofAddresses.get(keyOf(handler));
    slots?.fresh.fill(false);
    return slots?.exemplars;
  }

  close(): void {
    channel(END).unsubscribe(this.listener);
  }

  private note({ ctx, duration }: MessageEnd): void {
    const message = ctx.message as WithHeaders;
    if (!hasHeaders(message)) return;
    const slots = this.slotsOf(ctx);
    if (slots === null) return;
    const seconds = duration / 1000;
    let bucket = 0;
    while (seconds > (DURATION_BOUNDS[bucket] ?? Infinity)) bucket++;
    if (slots.fresh[bucket] === true) return;
    const traceId = RECORDED.exec(headersIn(message)?.get('traceparent') ?? '')?.[1];
    if (traceId === undefined) return;
    slots.exemplars[bucket] = { traceId, value: seconds, time: Date.now() / 1000 };
    slots.fresh[bucket] = true;
  }

  private slotsOf({ service: { id }, handler }: MessageEnd['ctx']): Slots | null {
    let slots = this.ofHandlers.get(handler);
    if (slots !== undefined) return slots;
    slots = this.ids.has(id) ? this.slotsAt(keyOf({ id, name: handler.name, subject: handler.subject })) : null;
    this.ofHandlers.set(handler, slots);
    return slots;
  }

  private slotsAt(key: string): Slots {
    let slots = this.ofAddresses.get(key);
    if (slots === undefined) this.ofAddresses.set(key, (slots = { exemplars: [], fresh: [] }));
    return slots;
  }
}

const END = 'natsmith:message:end';

function keyOf({ id, name, subject }: HandlerAddress): string {
  return `${id} ${name} ${subject}`;
}
