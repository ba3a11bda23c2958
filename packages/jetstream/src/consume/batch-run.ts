import { Run, type Execute, type Handler, type HandlerRuntime, caller } from '@natsmith/core';
import { headersOf, type Event, type ReceivedHeaders, type ServiceError } from '@natsmith/protocol';
import type { BatchContext, BatchMessage } from './batch-context';
import type { HeldMessage } from './held-message';
import type { BatchMessageSettlement, BatchSettlement, Settlement } from './settlement';
import type { Ending, Settler } from './settler';
import { judge, type Verdict } from './verdict';

/** Reads the body of a message of one event. */
export interface BatchEvent {
  readonly event: Event;
  /** As subscribed, with `*` for named tokens. */
  readonly subject: string;
  readonly params: readonly { readonly name: string; readonly index: number }[];
  /** Throws, or rejects, for a body that is not valid. */
  read(body: Uint8Array): unknown;
}

/** A message of a batch with the event that it is. */
export interface BatchItem {
  readonly held: HeldMessage;
  readonly of: BatchEvent;
}

/** A message of a batch as its handler sees it. */
class ItemOfBatch implements BatchMessage {
  /** What `fail` was called with. */
  failure: { readonly thrown: unknown } | undefined;

  constructor(readonly item: BatchItem) {}

  get event(): Event {
    return this.item.of.event;
  }

  get subject(): string {
    return this.item.held.message.subject;
  }

  get params(): Readonly<Record<string, string>> {
    const tokens = this.subject.split('.');
    return Object.fromEntries(this.item.of.params.map(({ name, index }) => [name, tokens[index] ?? '']));
  }

  get headers(): ReceivedHeaders {
    return headersOf(this.item.held.message);
  }

  get sequence(): number {
    return this.item.held.delivery.sequence;
  }

  get time(): Date {
    return new Date(this.item.held.delivery.time);
  }

  get attempt(): number {
    return this.item.held.delivery.attempt;
  }

  fail(error: unknown): void {
    this.failure ??= { thrown: error };
  }
}

/** The handler of batches: what is not valid ends by itself, the rest is handed over together. */
export function batchInvoker(handler: Handler): Execute<BatchRun> {
  const call = caller<BatchRun>(handler);
  return async (run) => {
    const payloads: unknown[] = [];
    for (const { held, of } of run.items)
      try {
        payloads.push(await of.read(held.message.data));
        run.messages.push(new ItemOfBatch({ held, of }));
      } catch (thrown) {
        run.refuse(held, thrown);
      }
    return payloads.length === 0 ? undefined : call(payloads, run);
  };
}

/** Several deliveries on their way together; each ends by itself. */
export class BatchRun extends Run implements BatchContext {
  readonly messages: ItemOfBatch[] = [];
  private isSettled = false;
  private readonly refused = new Map<HeldMessage, unknown>();

  constructor(
    runtime: HandlerRuntime,
    readonly items: readonly BatchItem[],
    private readonly settler: Settler,
  ) {
    const [first] = items;
    if (first === undefined) throw new Error('a batch has at least one message');
    super(runtime, first.held.message);
  }

  get kind(): 'batch' {
    return 'batch';
  }

  get counter(): HandlerRuntime['counter'] {
    return this.runtime.counter;
  }

  get stream(): string {
    return this.items[0]?.held.delivery.stream ?? '';
  }

  /** Ends a message that is not valid; the others go on. */
  refuse(held: HeldMessage, thrown: unknown): void {
    this.refused.set(held, thrown);
  }

  protected override done(): void {
    const failures = new Map(this.messages.map(({ item, failure }) => [item.held, failure]));
    this.conclude((held) => {
      const failure = failures.get(held);
      return failure === undefined
        ? this.settler.acknowledge(held, this)
        : this.settler.settle(held, judge(failure.thrown, this), this);
    });
  }

  protected override failed(thrown: unknown): void {
    const failures = new Map(this.messages.map(({ item, failure }) => [item.held, failure]));
    let whole: Verdict | undefined;
    this.conclude((held) => {
      const own = failures.get(held);
      const verdict = own === undefined ? (whole ??= judge(thrown, this)) : judge(own.thrown, this);
      return this.settler.settle(held, verdict, this);
    });
  }

  /** No message is to blame, so that they go back at once, and are never buried by that. */
  protected override abandoned(error: ServiceError): void {
    this.conclude((held) => this.settler.giveBack(held, error));
  }

  private conclude(settle: (held: HeldMessage) => Ending): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.inScope(() => {
      const endings = this.items.map(({ held }) =>
        this.refused.has(held) ? this.settler.settle(held, judge(this.refused.get(held), this), this) : settle(held),
      );
      const error = endings.find((ending) => ending.error !== undefined)?.error;
      const settled = endings.map(({ settlement }) => settlement);
      const end = (): void => this.end(error, new EndOfBatch(this.items, endings, settled));
      const waits = endings.flatMap(({ until }, i) =>
        until === undefined ? [] : [until.then((settlement) => void (settled[i] = settlement))],
      );
      if (waits.length === 0) return end();
      // A stop waits for it.
      this.runtime.active.add(this);
      void Promise.all(waits).then(end);
    });
  }
}

/** Read by listeners alone. */
class EndOfBatch implements BatchSettlement {
  constructor(
    private readonly items: readonly BatchItem[],
    private readonly endings: readonly Ending[],
    private readonly settled: readonly Settlement[],
  ) {}

  get messages(): readonly BatchMessageSettlement[] {
    return this.items.map(({ held: { message, delivery } }, i) => ({
      subject: message.subject,
      headers: headersOf(message),
      sequence: delivery.sequence,
      attempt: delivery.attempt,
      error: this.endings[i]?.error,
      ...(this.settled[i] as Settlement),
    }));
  }
}
