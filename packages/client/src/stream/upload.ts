import {
  Buffer,
  DEFAULT_HEARTBEAT,
  ERROR_CODE_HEADER,
  ERROR_HEADER,
  headerBlock,
  HEARTBEAT_HEADER,
  ItemSender,
  PermissionError,
  SEQUENCE_HEADER,
  sequenceHeader,
  StreamError,
  UPLOAD_HEADER,
  type Message,
  type HeaderLines,
} from '@natsmith/protocol';
import { EMPTY, encodeBody } from '../call/body';
import type { Inbox } from '../nats/inbox';

/** Characters of a foreign subject in an error. */
const MAX_SHOWN = 100;

/** Items that go to a service as its payload, at the pace at which it takes them. */
export class Upload {
  /** What the request says of it. */
  readonly headers: HeaderLines;
  private readonly failure = new AbortController();
  private readonly sender: ItemSender;
  private readonly close: () => void;
  /** Nobody listened where an item went. */
  private isUnheard = false;

  /**
   * @param subject that the request goes to
   * @param about more that the request says
   */
  constructor(
    private readonly inbox: Inbox,
    private readonly subject: string,
    items: AsyncIterable<unknown>,
    about: HeaderLines = [],
  ) {
    const destination = (): string | undefined => this.sender.destination;
    const address = inbox.open({
      get to() {
        return destination();
      },
      onMessage: (message) => this.onControl(message),
      onError: (error) => {
        this.sender.stop();
        // Of everything else the call hears by itself.
        if (error instanceof PermissionError) this.failure.abort(error);
      },
    });
    this.close = () => address.close();
    this.headers = [[UPLOAD_HEADER, address.subject], [HEARTBEAT_HEADER, String(DEFAULT_HEARTBEAT)], ...about];
    this.sender = new ItemSender(
      {
        to: undefined,
        control: address.subject,
        credit: 0,
        heartbeat: DEFAULT_HEARTBEAT,
        publish: (to, body, headers, reply) =>
          inbox.outlet.publish(to, typeof body === 'string' ? Buffer.from(body) : body, { headers, reply }),
        flush: () => inbox.outlet.flush(),
      },
      (why) => {
        this.isUnheard = why === 'gone';
      },
    );
    void this.run(items);
  }

  /** Aborted with what the items throw. */
  get failed(): AbortSignal {
    return this.failure.signal;
  }

  /** The call is over; items that were not asked for stay where they are. */
  stop(): void {
    this.sender.stop();
    this.close();
  }

  /** Grants and cancels of the service; the reply subject of the first grant is where its items go. */
  private onControl(message: Message): void {
    if (message.reply && !this.inbox.allows(message.reply)) {
      this.sender.stop();
      const shown = JSON.stringify(message.reply.slice(0, MAX_SHOWN));
      return this.failure.abort(
        new StreamError(
          `${this.subject} asks for the items of its payload on ${shown}, which is not an inbox; ` +
            'name the inbox prefix of its service in the option "inboxes"',
          this.subject,
        ),
      );
    }
    // The service was away when items came to it, and is back: it has lost them.
    if (this.isUnheard) this.giveUp('items were lost while the connection of the service was down');
    else this.sender.onControl(message);
  }

  private async run(items: AsyncIterable<unknown>): Promise<void> {
    try {
      const end = await this.sender.send(items, encodeBody);
      if (end === undefined) this.end(sequenceHeader(this.sender.sequence + 1));
      // A handler that has enough does not look any more. If it still reads, somebody else has cancelled.
      if (end === 'cancelled') this.giveUp('the stream was cancelled');
    } catch (error) {
      this.giveUp('the caller has given up its stream');
      this.failure.abort(error);
    }
  }

  private giveUp(description: string): void {
    const number = [SEQUENCE_HEADER, String(this.sender.sequence + 1)] as const;
    this.end(headerBlock([number, [ERROR_CODE_HEADER, '499'], [ERROR_HEADER, description]]));
  }

  private end(headers: { encode(): Uint8Array }): void {
    const { destination } = this.sender;
    if (destination === undefined) return;
    try {
      this.inbox.outlet.publish(destination, EMPTY, { headers });
    } catch {
      // The connection is closed, and the call fails of that.
    }
  }
}
