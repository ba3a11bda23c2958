import { channel } from 'node:diagnostics_channel';
import { checkOptions, type OptionRule, type OptionRules } from '@natsmith/protocol';
import { diag, type Meter, type Tracer } from '@opentelemetry/api';
import { Handled } from './handled';
import { Measures } from './measures';
import { Propagation } from './propagation';
import { registeredMeter, registeredTracer } from './providers';
import type { MessageEnd, MessageError, MessageStart, Operation } from './published';
import { Sampling } from './sampling';
import { Sent } from './sent';

/** What `instrument` takes. */
export interface InstrumentOptions {
  /** Default: that of the SDK which the program registers, before or after; `false` for no spans. */
  readonly tracer?: Tracer | false;
  /** Default: that of the SDK which the program registers, before or after; `false` for no metrics. */
  readonly meter?: Meter | false;
  /**
   * Of the traces that begin here, how many are recorded, from 0 to 1: the SDK is not asked about the others, which costs
   * most of a span. What has a parent, here or in another process, does as its parent does. Default: the SDK's sampler
   * decides about each span; where a ratio is given, about each that is left.
   */
  readonly sampleRatio?: number;
}

const OPTIONS: OptionRules<InstrumentOptions> = {
  tracer: oneWith('startSpan', 'a tracer of @opentelemetry/api, or false for no spans'),
  meter: oneWith('createHistogram', 'a meter of @opentelemetry/api, or false for no metrics'),
  sampleRatio: (value) => (typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'a number from 0 to 1'),
};

/** What `instrument` has begun. */
export interface Instrumentation {
  /** Ends it, and the spans of messages that are being handled. */
  stop(): void;
}

/** Milliseconds between two looks for an SDK. */
const LOOK = 100;
const OPERATIONS = ['client:call', 'client:stream', 'client:publish', 'jetstream:publish'];
/** Two copies of this package in a process would tell everything twice. */
const CURRENT = Symbol.for('natsmith.opentelemetry');
const holder = globalThis as { [CURRENT]?: Instrumentation | undefined };

type Listener = (message: unknown) => void;

/**
 * Gives all that natsmith does in this process spans and metrics: calls, streams, publishes, requests, events, consumers,
 * watches, schedules. May be called before or after services, clients and OpenTelemetry's SDK are made. Called again, it
 * takes the place of what it began before.
 * @throws TypeError for an option that is unknown or not what it must be
 */
export function instrument(options: InstrumentOptions = {}): Instrumentation {
  checkOptions(options, OPTIONS, 'instrument()');
  holder[CURRENT]?.stop();
  return (holder[CURRENT] = new NatsmithInstrumentation(options));
}

class NatsmithInstrumentation implements Instrumentation {
  private tracer: Tracer | undefined;
  private measures: Measures | undefined;
  private readonly propagation = new Propagation();
  private readonly handled: Handled;
  private readonly sent: Sent;
  private readonly listeners: readonly (readonly [channel: string, listener: Listener])[];
  private isListening = false;
  /** Listeners that wait for the first message, since an SDK may be there by then. */
  private probes: readonly (readonly [channel: string, listener: Listener])[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: InstrumentOptions) {
    const sampling = new Sampling(options.sampleRatio, this.propagation);
    const recorders = [this.propagation, sampling, () => this.tracer, () => this.measures] as const;
    this.handled = new Handled(...recorders);
    this.sent = new Sent(...recorders);
    const listeners: [string, Listener][] = [
      ['natsmith:message:start', (message) => this.handled.onStart(message as MessageStart)],
      ['natsmith:message:error', (message) => this.handled.onError(message as MessageError)],
      ['natsmith:message:end', (message) => this.handled.onEnd(message as MessageEnd)],
      ...OPERATIONS.flatMap((name): [string, Listener][] => [
        [`tracing:natsmith:${name}:start`, (operation) => this.sent.onStart(operation as Operation)],
        [`tracing:natsmith:${name}:asyncEnd`, (operation) => this.sent.onEnd(operation as Operation)],
      ]),
    ];
    this.listeners = listeners.map(([name, listener]) => [name, guarded(listener)]);
    this.timer = setInterval(() => this.look(), LOOK).unref();
    this.look();
    if (!this.isListening) this.probe();
  }

  stop(): void {
    clearInterval(this.timer);
    this.endProbe();
    this.ignore();
    this.handled.close();
    if (holder[CURRENT] === this) holder[CURRENT] = undefined;
  }

  /** Looks once more when something happens for the first time. */
  private probe(): void {
    this.probes = this.listeners
      .filter(([name]) => name.endsWith(':start'))
      .map(([name, listener]) => [
        name,
        (message) => {
          this.endProbe();
          this.look();
          if (this.isListening) listener(message);
        },
      ]);
    for (const [name, listener] of this.probes) channel(name).subscribe(listener);
  }

  private endProbe(): void {
    for (const [name, listener] of this.probes) channel(name).unsubscribe(listener);
    this.probes = [];
  }

  /** Nobody listens, and nothing is done for anybody, until there is an SDK. */
  private look(): void {
    const { tracer, meter } = this.options;
    if (tracer !== false) this.tracer ??= tracer ?? registeredTracer();
    if (meter !== false && this.measures === undefined) {
      const found = meter ?? registeredMeter();
      if (found !== undefined) this.measures = new Measures(found);
    }
    this.propagation.look();
    if (this.tracer !== undefined || this.measures !== undefined) this.listen();
    const isComplete =
      (tracer === false || (this.tracer !== undefined && this.propagation.isComplete)) &&
      (meter === false || this.measures !== undefined);
    if (isComplete) clearInterval(this.timer);
  }

  private listen(): void {
    if (this.isListening) return;
    this.isListening = true;
    this.endProbe();
    for (const [name, listener] of this.listeners) channel(name).subscribe(listener);
  }

  private ignore(): void {
    if (!this.isListening) return;
    this.isListening = false;
    for (const [name, listener] of this.listeners) channel(name).unsubscribe(listener);
  }
}

/** What propagators, samplers and processors of the program throw would end the process, as errors of listeners do. */
function guarded(listener: Listener): Listener {
  return (message) => {
    try {
      listener(message);
    } catch (error) {
      diag.error('natsmith: a message is not recorded', error);
    }
  };
}

function oneWith(method: string, what: string): OptionRule {
  return (value) =>
    value === false || typeof (value as Record<string, unknown> | null)?.[method] === 'function' ? undefined : what;
}
