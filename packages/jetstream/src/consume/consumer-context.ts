import type { BaseContext } from '@natsmith/core';
import type { Duration, Event, ParamsOf } from '@natsmith/protocol';
import type { EventStream } from '../contract/event-stream';
import type { BatchOptions } from './batch-context';

/** What a handler of a consumer knows of its message. */
export interface ConsumerContext<E extends Event = Event> extends BaseContext {
  readonly kind: 'consumer';
  readonly params: ParamsOf<E>;
  /** Which of the events it is. */
  readonly event: E;
  /** The stream's name. */
  readonly stream: string;
  /** Of the message in the stream. */
  readonly sequence: number;
  /** When the stream took the message. */
  readonly time: Date;
  /** How often the message has been delivered, this time included. */
  readonly attempt: number;
  /** How many messages of the consumer had not been delivered yet when this one was. */
  readonly pending: number;
}

declare module '@natsmith/core' {
  interface ContextKinds {
    consumer: ConsumerContext;
  }
}

/** When a message whose handler failed comes again. */
export interface RetryOptions {
  /** Runs of the handler, the first included; default 5. */
  readonly attempts?: number;
  /** Before each further run; the last one counts for all that follow. Default 1 s, 5 s, 30 s, 2 min. */
  readonly delays?: readonly Duration[];
}

/** What `@Consume` takes besides stream and events. */
export interface ConsumeOptions<E extends Event = Event> {
  /** Default: the method's name. */
  readonly name?: string;
  /** The consumer's name on the server; default `<service>-<name>`. */
  readonly durable?: string;
  /** Messages that one instance handles at the same time; default 1. */
  readonly concurrency?: number;
  readonly retry?: RetryOptions;
  /** How long the server waits for a sign of life before it delivers a message again; default 30 s. */
  readonly ackWait?: Duration;
  /** How long a handler may run; default without end. */
  readonly timeout?: Duration;
  /** Where a new consumer begins: `all` that the stream has (default), `new` messages, a time, or a sequence. */
  readonly from?: 'all' | 'new' | Date | number;
  /** Messages that may be delivered and not yet acknowledged, over all instances; default 10,000. */
  readonly maxAckPending?: number;
  /** Resolves a message only when the server has confirmed its acknowledgement. */
  readonly confirm?: boolean;
  /** Where buried messages go: below this subject instead of `dead`; `false`: they are terminated without a trace. */
  readonly deadLetters?: string | false;
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * One instance handles messages at a time, the others stand by; needs nats-server 2.11. With "concurrency" 1 the order
   * of the stream is kept, except where a frozen instance wakes again.
   */
  readonly exclusive?: boolean;
  /**
   * A token of the events: one message at a time for each of its values, in the stream's order. One that comes again
   * holds up those of its value only. Implies `exclusive`.
   */
  readonly orderBy?: keyof ParamsOf<E> & string;
  /** Hands over several messages at once. */
  readonly batch?: BatchOptions | undefined;
}

/** What `@Consume` leaves on a method. */
export interface ConsumeMark {
  readonly stream: EventStream;
  readonly events: readonly Event[];
  readonly options: ConsumeOptions;
}
