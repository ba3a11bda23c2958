import { Buffer, headerBlock, maxPayloadOf, type Connection, type HeaderLines } from '@natsmith/protocol';
import { ConfirmedPublishes } from './confirmed-publish';

interface PublishOptions {
  readonly reply?: string;
  readonly headers?: Headers | undefined;
}

/** Headers as the client libraries send them. */
export interface Headers {
  encode(): Uint8Array;
}

/** Sends a client's messages. */
export class Outlet {
  private readonly publishes: ConfirmedPublishes;
  private ended: Error | undefined;

  constructor(private readonly connection: Connection) {
    this.publishes = new ConfirmedPublishes(connection);
  }

  /** Bytes. */
  get maxPayload(): number {
    return maxPayloadOf(this.connection);
  }

  /** @throws the error that the client was closed with */
  checkOpen(): void {
    if (this.ended !== undefined) throw this.ended;
  }

  /** Publishes; the error for a message over the server's limit says so. @param advice what to do then */
  publish(
    subject: string,
    body: Uint8Array,
    options: PublishOptions = {},
    advice = 'send it in parts, or raise max_payload',
  ): void {
    this.checkOpen();
    try {
      this.connection.publish(subject, body, options);
    } catch (cause) {
      const size = body.length + (options.headers?.encode().length ?? 0);
      if (size <= this.maxPayload) throw cause;
      throw new Error(
        `a message of ${size} bytes for ${subject} is over the server's max_payload (${this.maxPayload} bytes); ${advice}`,
        { cause },
      );
    }
  }

  /**
   * Publishes an event, and resolves when the server has accepted it.
   * @throws PermissionError when the server forbids it
   */
  publishEvent(subject: string, body: Uint8Array, lines: HeaderLines): Promise<void> {
    const headers = headerBlock(lines);
    return this.publishes.run(subject, () => this.publish(subject, body, { headers }));
  }

  /** Resolves when the server has all that was published. */
  flush(): Promise<void> {
    return this.connection.flush();
  }

  /**
   * Sends a control message to the other end of a stream; one that cannot be reached finds out by itself.
   * @param reply where its answer is to go
   */
  sendControl(control: string, words: string, reply?: string): void {
    try {
      const options = reply === undefined ? undefined : { reply };
      // Also of a client that is being closed: its producers are to hear of it.
      this.connection.publish(control, Buffer.from(words), options);
    } catch {
      // The connection is closed, and so is everything on it.
    }
  }

  /** The server does not permit what was published to a subject. */
  refuse(subject: string): void {
    this.publishes.refuse(subject);
  }

  /** Ends what waits, and takes nothing more. @returns the error that it was closed with first */
  close(error: Error): Error {
    this.ended ??= error;
    this.publishes.close(this.ended);
    return this.ended;
  }
}
