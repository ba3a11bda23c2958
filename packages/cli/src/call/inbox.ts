import { headerBlock, randomToken, type Message } from '@natsmith/protocol';
import type { NatsConnection } from 'nats';
import type { HeaderLine } from './headers';

/** A request that is to be sent. */
export interface Request {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers: readonly HeaderLine[];
}

/** Sends a request with a reply subject of its own; returns the way to stop listening. */
export function send(
  connection: NatsConnection,
  { subject, body, headers }: Request,
  onMessage: (message: Message) => void,
): () => void {
  // The library keeps its options there, and its own type does not tell.
  const { options } = connection as { options?: { inboxPrefix?: string } };
  const reply = `${options?.inboxPrefix ?? '_INBOX'}.${randomToken()}`;
  const subscription = connection.subscribe(reply, {
    callback: (error, message) => {
      if (error === null) onMessage(message);
    },
  });
  // headerBlock has what the library needs of its own class.
  const block = headers.length > 0 ? { headers: headerBlock(headers) as never } : {};
  connection.publish(subject, body, { reply, ...block });
  return () => subscription.unsubscribe();
}
