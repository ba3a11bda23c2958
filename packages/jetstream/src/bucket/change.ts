import { headersIn, type Message } from '@natsmith/protocol';

/** A change of a bucket. */
export interface Change {
  readonly key: string;
  readonly revision: number;
  /** After `delete` and `purge` the key has no value. */
  readonly operation: 'put' | 'delete' | 'purge';
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The value was there when the watch began. */
  readonly initial: boolean;
  readonly message: Message;
}

/** What a message of a bucket's stream does with its key. */
export function operationOf(message: Message): Change['operation'] {
  const headers = headersIn(message);
  if (headers === undefined) return 'put';
  const operation = headers.get('KV-Operation');
  // Written by the server where a value has come of age.
  const reason = headers.get('Nats-Marker-Reason');
  if (operation === 'DEL') return 'delete';
  if (operation === 'PURGE') return 'purge';
  return reason === undefined ? 'put' : reason === 'Purge' ? 'purge' : 'delete';
}

/** That a key has lost its value while nobody looked. */
export function removal(key: string, subject: string, revision: number): Change {
  const message = { subject, data: new Uint8Array(0) };
  return { key, revision, operation: 'purge', time: Date.now(), initial: false, message };
}
