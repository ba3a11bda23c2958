import {
  ConnectionEvents,
  inboxPrefixOf,
  isNoResponders,
  PermissionError,
  randomToken,
  type Connection,
  type Message,
} from '@natsmith/protocol';

/** How a request is made; of the two libraries' options those that natsmith and `@nats-io` use. */
export interface RequestOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly headers?: object;
}

/**
 * Asks and waits for the first answer. The libraries' own `request` reads the headers of each answer where it arrives, and
 * what it throws there ends the reader of the whole connection: anybody who may answer, or store a message that is handed
 * out as an answer, could do that.
 * @throws Error named `NoRespondersError` or `TimeoutError`; PermissionError
 */
export function request(
  connection: Connection,
  subject: string,
  body: Uint8Array,
  { timeout, headers }: RequestOptions,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    const inbox = `${inboxPrefixOf(connection)}.${randomToken()}`;
    const end = (): void => {
      clearTimeout(timer);
      stopListening();
      if (!subscription.isClosed()) subscription.unsubscribe();
    };
    const fail = (error: unknown): void => {
      end();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    // Throws where the connection is closed: then nothing is left that has to be ended.
    const subscription = connection.subscribe(inbox, {
      callback: (error: Error | null, message: Message) => {
        if (error !== null) return fail(error);
        if (isNoResponders(message)) return fail(nobodyListens(subject));
        end();
        resolve(message);
      },
    });
    const stopListening = ConnectionEvents.of(connection).listen((event) => {
      if (event.type === 'violation' && (event.subject === inbox || event.subject === subject))
        fail(new PermissionError(event.operation, event.subject));
    });
    const timer = setTimeout(
      () => fail(named('TimeoutError', `no answer to ${subject} within ${timeout} ms`)),
      timeout,
    );
    try {
      connection.publish(subject, body, { reply: inbox, ...(headers !== undefined && { headers }) });
    } catch (error) {
      fail(error);
    }
  });
}

/** A connection for `@nats-io/jetstream` and `@nats-io/kv`, whose requests are those of {@link request}. */
export function withSafeRequests(connection: Connection): Connection {
  const value = (subject: string, body: Uint8Array | undefined, options: RequestOptions): Promise<Message> =>
    request(connection, subject, body ?? new Uint8Array(0), options);
  return Object.create(connection, { request: { value } }) as Connection;
}

/** As `nats` 2 and nats.js 3 say it. */
function nobodyListens(subject: string): Error {
  return Object.assign(named('NoRespondersError', `nobody listens on ${subject}`), { code: '503' });
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
