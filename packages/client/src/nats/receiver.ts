import { PermissionError, violationIn, type Message } from '@natsmith/protocol';

/** What a reply subject leads to. */
export interface Receiver {
  /** Where it publishes to: where the server does not permit that, no reply can come. */
  readonly to?: string | undefined;
  /** Whether it waits for a reply that comes soon, so that a connection waits with it before it moves. */
  readonly isCall?: boolean;
  onMessage(message: Message): void;
  /** The connection was away, and messages may be lost. */
  onReconnected?(): void;
  /** No message will come any more: the connection or the client is closed, or the server refuses the subscription. */
  onError(error: Error): void;
}

/** A reply subject, until it is closed. */
export interface Address {
  readonly subject: string;
  readonly receiver: Receiver;
  close(): void;
}

/** The reply subject of a call, one of those behind the one subscription. */
export class CallAddress implements Address {
  readonly subject: string;

  constructor(
    private readonly receivers: Map<string, Receiver>,
    prefix: string,
    private readonly token: string,
    readonly receiver: Receiver,
  ) {
    this.subject = prefix + token;
  }

  close(): void {
    this.receivers.delete(this.token);
  }
}

/** The error for a subscription that the server refuses. */
export function refusalIn(error: Error): Error {
  const violation = violationIn(error);
  if (violation === undefined) return error;
  return new PermissionError(violation.operation, violation.subject, { cause: error });
}

/** Whatever a message does to its receiver, it ends that alone: thrown in a subscription, it would end the connection. */
export function hand(message: Message, receiver: Receiver): void {
  try {
    receiver.onMessage(message);
  } catch (error) {
    receiver.onError(error instanceof Error ? error : new Error(String(error)));
  }
}
