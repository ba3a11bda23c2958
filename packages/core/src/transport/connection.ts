import type { Connection, Subscription } from '@natsmith/protocol';
import type { RequestMessage } from '../request/message';

export { isConnection, type Connection, type Subscription } from '@natsmith/protocol';

/** What a subscription callback gets: a message, or the error that ended the subscription. */
export interface Receiver {
  onMessage(message: RequestMessage): void;
  onError(error: Error): void;
}

/** Subscribes, by callback: iterators cost three times as much for each message. */
export function subscribe(connection: Connection, subject: string, queue: string, receiver: Receiver): Subscription {
  const callback = (error: Error | null, message: RequestMessage): void => {
    if (error === null) receiver.onMessage(message);
    else receiver.onError(error);
  };
  return connection.subscribe(subject, queue === '' ? { callback } : { queue, callback });
}
