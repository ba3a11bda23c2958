import {
  CREDIT_HEADER,
  DEFAULT_HEARTBEAT,
  FIRST_CREDIT,
  HEARTBEAT_HEADER,
  ItemReceiver,
  SEQUENCE_HEADER,
  TIMEOUT_HEADER,
  type Message,
} from '@natsmith/protocol';
import type { NatsConnection } from 'nats';
import { ExitCode, Failure } from '../exit';
import type { HeaderLine } from './headers';
import { send, type Request } from './inbox';
import { errorIn } from './reply';

/** What came back: one reply, or a stream of items after the message that began it. */
export interface Exchange {
  readonly first: Message;
  readonly items?: AsyncIterableIterator<Uint8Array>;
}

/**
 * Sends a request, and resolves to its reply, which may be a stream though INFO does not say so.
 * @param timeout milliseconds; Infinity for no limit
 * @throws Failure 3 when no reply comes in time
 */
export function exchange(connection: NatsConnection, request: Request, timeout: number): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const { subject } = request;
    const late = (): Failure => new Failure(ExitCode.nobody, `${subject} did not answer within ${timeout} ms`);
    let items: ItemReceiver<Uint8Array> | undefined;
    const stop = send(connection, { ...request, headers: withWishes(request, timeout) }, (message) => {
      if (items !== undefined) return items.onMessage(message);
      clearTimeout(timer);
      if (!beginsStream(message)) {
        stop();
        return resolve({ first: message });
      }
      items = new ItemReceiver<Uint8Array>({
        subject,
        credit: undefined,
        heartbeat: DEFAULT_HEARTBEAT,
        firstWithin: timeout,
        firstItemError: late,
        itemTimeout: Infinity,
        decode: (data) => data,
        errorIn,
        sendControl: (control, words) => connection.publish(control, words),
        onEnd: stop,
      });
      items.onMessage(message);
      resolve({ first: message, items });
    });
    const onTimeout = (): void => {
      stop();
      reject(late());
    };
    const timer = timeout < Infinity ? setTimeout(onTimeout, timeout) : undefined;
  });
}

/** A natsmith service learns how long somebody waits, and that items are taken with credit; others ignore it. */
function withWishes({ headers }: Request, timeout: number): Request['headers'] {
  const wishes: HeaderLine[] = [
    ...(timeout < Infinity ? [[TIMEOUT_HEADER, String(timeout)] as const] : []),
    [CREDIT_HEADER, String(FIRST_CREDIT)],
    [HEARTBEAT_HEADER, String(DEFAULT_HEARTBEAT)],
  ];
  const given = headers.map(([name]) => name.toLowerCase());
  return [...headers, ...wishes.filter(([name]) => !given.includes(name.toLowerCase()))];
}

/** A stream begins with an item, with its end, or with a heartbeat that says where to grant credit. */
function beginsStream(message: Message): boolean {
  const has = (name: string): boolean => (message.headers?.values(name).length ?? 0) > 0;
  return (has(SEQUENCE_HEADER) || has(HEARTBEAT_HEADER)) && errorIn(message) === undefined;
}
