import { Run, type HandlerRuntime } from '@natsmith/core';
import type { Event, ServiceError } from '@natsmith/protocol';
import type { Failure, HeldMessage } from './held-message';
import type { Ending, Settler } from './settler';
import { judge } from './verdict';

/** What all messages of one event of a consumer share. */
export interface ConsumerRuntime extends HandlerRuntime {
  readonly event: Event;
}

/** One delivery on its way: its outcome is an acknowledgement, another delivery, or a dead letter. */
export abstract class DeliveryRun extends Run<ConsumerRuntime> {
  /** What becomes of the message has been decided: what its handler does later changes nothing. */
  private isSettled = false;

  constructor(
    runtime: ConsumerRuntime,
    readonly held: HeldMessage,
    private readonly settler: Settler,
  ) {
    super(runtime, held.message);
  }

  get event(): Event {
    return this.runtime.event;
  }

  get counter(): HandlerRuntime['counter'] {
    return this.runtime.counter;
  }

  get stream(): string {
    return this.held.delivery.stream;
  }

  get sequence(): number {
    return this.held.delivery.sequence;
  }

  get time(): Date {
    return new Date(this.held.delivery.time);
  }

  get attempt(): number {
    return this.held.delivery.attempt;
  }

  get pending(): number {
    return this.held.delivery.pending;
  }

  /** Buries the message without a run. */
  bury(failure: Failure): void {
    this.conclude(() => this.settler.bury(this.held, failure, this));
  }

  protected override done(): void {
    // The way of nearly all messages: nothing of it logs, so that it needs no scope.
    if (this.isSettled) return;
    this.isSettled = true;
    this.endWith(this.settler.acknowledge(this.held, this));
  }

  protected override failed(thrown: unknown): void {
    this.conclude(() => this.settler.settle(this.held, judge(thrown, this), this));
  }

  /** The message is not to blame, so that it goes back at once, and is never buried by that. */
  protected override abandoned(error: ServiceError): void {
    this.conclude(() => this.settler.giveBack(this.held, error));
  }

  private conclude(settle: () => Ending): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.inScope(() => this.endWith(settle()));
  }

  private endWith({ error, settlement, until }: Ending): void {
    if (until === undefined) return this.end(error, settlement);
    // A stop waits for it.
    this.runtime.active.add(this);
    void until.then((settlement) => this.end(error, settlement));
  }
}
