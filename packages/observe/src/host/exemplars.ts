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
    slots?.looks.fill(0);
    return slots?.exemplars;
  }

  close(): void {
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
    const traceId = trace === undefined ? recordedTraceOf(ctx) : isRecorded(trace) ? trace.traceId : undefined;
    slots.looks[bucket] = traceId === undefined ? looks + 1 : MAX_LOOKS;
    if (traceId !== undefined) slots.exemplars[bucket] = { traceId, value: seconds, time: Date.now() / 1000 };
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

/** The trace that a message came with, where it is recorded: others cannot be looked at. */
function recordedTraceOf({ message, headers }: MessageEnd['ctx']): string | undefined {
  if (!hasHeaders(message as WithHeaders)) return undefined;
  const trace = readTraceparent(headers.get('traceparent'));
  return trace?.isSampled === true ? trace.traceId : undefined;
}

function isRecorded({ traceFlags }: NonNullable<MessageEnd['trace']>): boolean {
  return (traceFlags & 1) === 1;
}

function keyOf({ id, name, subject }: HandlerAddress): string {
  return `${id} ${name} ${subject}`;
}
