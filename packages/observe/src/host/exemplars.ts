import { channel } from 'node:diagnostics_channel';
import { DURATION_BOUNDS, type MessageEnd } from '@natsmith/core';
import { hasHeaders, readTraceparent, type WithHeaders } from '@natsmith/protocol';
import type { Exemplar } from '../exposition/metric';

/** Messages of a bucket that are asked for a trace, from one scrape to the next: where nothing is traced, that is enough. */
const MAX_LOOKS = 100;

/** The exemplars of one handler. */
interface Slots {
  readonly exemplars: (Exemplar | undefined)[];
  /** How many messages of a bucket have been asked for a trace since they were last read; none after one that has it. */
  readonly looks: number[];
}

/** Which handler of a host it is. */
interface HandlerAddress {
  /** Of the service's instance. */
  readonly id: string;
  readonly name: string;
  readonly subject: string;
}

/**
 * Remembers a message with a trace for each handler and bucket of its durations. Being told of each message costs, so
 * where none has a trace, the first of them after each scrape are looked at, and the others not even published.
 */
export class Exemplars {
  private readonly ofAddresses = new Map<string, Slots>();
  /** By the object that all messages of a handler share; null for handlers of others. */
  private readonly ofHandlers = new WeakMap<object, Slots | null>();
  private readonly listener = (message: unknown): void => this.note(message as MessageEnd);
  private isListening = false;
  private isClosed = false;
  /** A message had a trace, recorded or not: others will. */
  private isTraced = false;

  /** @param ids of the instances that are observed: other hosts of the process publish on the same channel */
  constructor(private readonly ids: ReadonlySet<string>) {
    this.listen();
  }

  of(handler: HandlerAddress): readonly (Exemplar | undefined)[] | undefined {
    const slots = this.ofAddresses.get(keyOf(handler));
    slots?.looks.fill(0);
    this.listen();
    return slots?.exemplars;
  }

  close(): void {
    this.isClosed = true;
    this.ignore();
  }

  private listen(): void {
    if (this.isListening || this.isClosed) return;
    this.isListening = true;
    channel(END).subscribe(this.listener);
  }

  private ignore(): void {
    if (!this.isListening) return;
    this.isListening = false;
    channel(END).unsubscribe(this.listener);
  }

  private note({ ctx, duration, trace }: MessageEnd): void {
    const slots = this.slotsOf(ctx);
    if (slots === null) return;
    const seconds = duration / 1000;
    let bucket = 0;
    while (seconds > (DURATION_BOUNDS[bucket] ?? Infinity)) bucket++;
    const looks = slots.looks[bucket] ?? 0;
    if (looks === MAX_LOOKS) return;
    const found = trace ?? traceOf(ctx);
    if (found !== undefined) this.isTraced = true;
    const isRecorded = found !== undefined && (found.traceFlags & RECORDED) !== 0;
    if (isRecorded) slots.exemplars[bucket] = { traceId: found.traceId, value: seconds, time: Date.now() / 1000 };
    slots.looks[bucket] = isRecorded ? MAX_LOOKS : looks + 1;
    if (looks + 1 === MAX_LOOKS && !this.isTraced) this.ignore();
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
    if (slots === undefined) this.ofAddresses.set(key, (slots = { exemplars: [], looks: [] }));
    return slots;
  }
}

const END = 'natsmith:message:end';

/** Of the flags of a trace: others cannot be looked at. */
const RECORDED = 1;

/** The trace that a message came with. */
function traceOf({ message, headers }: MessageEnd['ctx']): MessageEnd['trace'] {
  if (!hasHeaders(message as WithHeaders)) return undefined;
  const trace = readTraceparent(headers.get('traceparent'));
  return trace && { traceId: trace.traceId, traceFlags: trace.isSampled ? RECORDED : 0 };
}

function keyOf({ id, name, subject }: HandlerAddress): string {
  return `${id} ${name} ${subject}`;
}
