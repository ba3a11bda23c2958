import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import { DURATION_BOUNDS, OTHER } from './conventions';

/** Sets of attributes of one handler or method at most, one for each error; codes are the user's. */
const MAX_SETS = 100;

/** The attributes of what is counted about one handler or method: with each error, made once. */
export class Labels {
  private readonly sets = new Map<string, Attributes>();

  constructor(
    private readonly all: Attributes,
    private readonly ofError: (error: string) => Attributes,
  ) {}

  /** @param error its code, or another word for it; undefined for a success */
  with(error: string | undefined): Attributes {
    if (error === undefined) return this.all;
    const known = this.sets.get(error);
    if (known !== undefined) return known;
    if (this.sets.size >= MAX_SETS) return { ...this.all, ...this.ofError(OTHER) };
    const set = { ...this.all, ...this.ofError(error) };
    this.sets.set(error, set);
    return set;
  }
}

/** The instruments, by the names of the conventions. */
export class Measures {
  readonly server: Histogram;
  readonly client: Histogram;
  readonly process: Histogram;
  readonly sent: Counter;
  readonly consumed: Counter;

  constructor(meter: Meter) {
    const duration = (name: string, description: string): Histogram =>
      meter.createHistogram(name, {
        description,
        unit: 's',
        advice: { explicitBucketBoundaries: DURATION_BOUNDS },
      });
    this.server = duration('rpc.server.call.duration', 'Time from the start of a request to its reply or last item');
    this.client = duration('rpc.client.call.duration', 'Time from a call to its reply or last item');
    this.process = duration('messaging.process.duration', 'Time from the start of a message to its settlement');
    const counter = (name: string, description: string): Counter =>
      meter.createCounter(name, { description, unit: '{message}' });
    this.sent = counter('messaging.client.sent.messages', 'Events that were published, or could not be');
    this.consumed = counter(
      'messaging.client.consumed.messages',
      'Events, deliveries, changes and ticks that were handled',
    );
  }
}
