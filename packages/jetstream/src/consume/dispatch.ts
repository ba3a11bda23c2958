import { isSubject, parseTemplate, subjectCovers, type Message } from '@natsmith/protocol';
import { BatchRun, type BatchEvent, type BatchItem } from './batch-run';
import type { ConsumerPlan } from './consumer-plan';
import { ConsumerRun } from './consumer-run';
import type { ConsumerRuntime, DeliveryRun } from './delivery-run';
import type { Failure, HeldMessage } from './held-message';
import { Lanes } from './lanes';
import type { Settler } from './settler';

/** How the messages of a consumer come to their handler: one by one, in order, or in batches. */
export interface Dispatch {
  /** Messages that may be in the process at the least, those that run and one round ahead. */
  readonly least: number;
  /** Of the held ones, those that could not run in any case; they take no room. */
  readonly waitingBehind: number;
  take(held: HeldMessage): void;
  settled(held: HeldMessage, comesAgain: boolean): void;
  /** Begins nothing more. */
  stop(): void;
}

/** What one event of a consumer needs to run. */
export interface ConsumedEvent extends BatchEvent, DeliveryKind {
  readonly runtime: ConsumerRuntime;
}

/** How deliveries of a kind of handler differ from those of a consumer. */
export interface DeliveryKind {
  runOf(runtime: ConsumerRuntime, held: HeldMessage, settler: Settler): DeliveryRun;
  /** Whether nobody needs the message any more: it is acknowledged without a run. */
  isObsolete?(held: HeldMessage): boolean;
}

/** Messages of a consumer, each of which is handled. */
export const CONSUMED: DeliveryKind = {
  runOf: (runtime, held, settler) => new ConsumerRun(runtime, held, settler),
};

/** @param events called for each message: the handlers of several events are added one by one */
export function dispatchOf(plan: ConsumerPlan, settler: Settler, events: readonly ConsumedEvent[]): Dispatch {
  return plan.batch === undefined
    ? new OneByOne(plan, settler, events)
    : new InBatches(plan, plan.batch, settler, events);
}

/** Why a message is buried that nobody runs. */
function unrunnable({ message, delivery }: HeldMessage, of: unknown, { attempts }: ConsumerPlan): Failure | undefined {
  // A consumer that others made may give what no handler here takes.
  if (of === undefined) return { code: 404, description: `no handler takes the subject ${message.subject}` };
  if (delivery.attempt < attempts + LAST_RESORT) return undefined;
  return { code: 500, description: `was delivered ${delivery.attempt} times without an end` };
}

/** Deliveries beyond the attempts after which a message is taken for one that kills its process. */
const LAST_RESORT = 20;

function eventFor(message: Message, events: readonly ConsumedEvent[]): ConsumedEvent | undefined {
  for (const one of events)
    if (isSubject(message, one.subject) || subjectCovers(one.subject, message.subject)) return one;
  return undefined;
}

class OneByOne implements Dispatch {
  private readonly lanes: Lanes | undefined;

  constructor(
    private readonly plan: ConsumerPlan,
    private readonly settler: Settler,
    private readonly events: readonly ConsumedEvent[],
  ) {
    const { orderBy } = plan;
    if (orderBy !== undefined)
      this.lanes = new Lanes(
        (message) => valueOf(message, orderBy, events),
        (held) => this.begin(held),
      );
  }

  get least(): number {
    return this.plan.concurrency;
  }

  get waitingBehind(): number {
    return this.lanes?.waitingBehind ?? 0;
  }

  take(held: HeldMessage): void {
    if (this.lanes === undefined) this.begin(held);
    else this.lanes.take(held);
  }

  settled(held: HeldMessage, comesAgain: boolean): void {
    this.lanes?.settled(held, comesAgain);
  }

  stop(): void {
    // What runs goes on; what waits in the limiters is withdrawn by its run.
  }

  private begin(held: HeldMessage): void {
    const of = eventFor(held.message, this.events);
    const kind = of ?? this.events[0];
    if (kind === undefined) return;
    if (kind.isObsolete?.(held) === true) return void this.settler.acknowledge(held, kind.runtime);
    const run = kind.runOf(kind.runtime, held, this.settler);
    held.run = run;
    const failure = unrunnable(held, of, this.plan);
    if (failure === undefined) run.admit();
    else run.bury(failure);
  }
}

function valueOf(message: Message, token: string, events: readonly ConsumedEvent[]): string {
  const param = eventFor(message, events)?.params.find(({ name }) => name === token);
  return param === undefined ? message.subject : (message.subject.split('.')[param.index] ?? '');
}

class InBatches implements Dispatch {
  private readonly collected: BatchItem[] = [];
  private timer: NodeJS.Timeout | undefined;
  readonly waitingBehind = 0;

  constructor(
    private readonly plan: ConsumerPlan,
    private readonly batch: { readonly size: number; readonly wait: number },
    private readonly settler: Settler,
    private readonly events: readonly ConsumedEvent[],
  ) {}

  get least(): number {
    return this.plan.concurrency * this.batch.size;
  }

  take(held: HeldMessage): void {
    const of = eventFor(held.message, this.events);
    const failure = unrunnable(held, of, this.plan);
    const [first] = this.events;
    if (first === undefined) return;
    if (of === undefined || failure !== undefined) {
      const run = new ConsumerRun(first.runtime, held, this.settler);
      held.run = run;
      return run.bury(failure as Failure);
    }
    this.collected.push({ held, of });
    if (this.collected.length >= this.batch.size) this.begin();
    else this.timer ??= setTimeout(() => this.begin(), this.batch.wait);
  }

  settled(held: HeldMessage): void {
    const place = this.collected.findIndex((item) => item.held === held);
    if (place !== -1) this.collected.splice(place, 1);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.collected.length = 0;
  }

  private begin(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const items = this.collected.splice(0, this.batch.size);
    const runtime = items[0] === undefined ? undefined : this.events[0]?.runtime;
    if (runtime === undefined) return;
    const run = new BatchRun(runtime, items, this.settler);
    for (const { held } of items) held.run = run;
    run.admit();
  }
}

/** The subject of an event as the server filters it. */
export function filterOf(subject: string): string {
  return parseTemplate(subject).subject;
}
