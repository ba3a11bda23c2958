import {
  ConnectionEvents,
  CreditBudget,
  inboxPrefixOf,
  randomToken,
  textOf,
  type HeaderBlock,
  type Message,
} from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { Body, ReplyOutlet } from '../reply/outlet';
import { BodyTurns } from '../reply/body-turns';
import { ReplySubjects } from '../reply/reply-subjects';
import { callbackOf } from './callback';
import type { Connection } from './connection';

const DEFAULT_MAX_PAYLOAD = 1024 * 1024;
/** Bytes of a chunk that replies are written into, one behind the other. */
const CHUNK = 64 * 1024;
/** Larger replies go out as they are, without being copied into a chunk. */
const LARGE = CHUNK / 4;
const PUB = Buffer.from('PUB ');

/** What both client libraries have behind their public face, and `publish` ends in. */
interface ClientProtocol {
  sendCommand(command: Uint8Array, ...payloads: Uint8Array[]): void;
  outMsgs: number;
  outBytes: number;
}

/**
 * The way replies take out of a connection.
 * @param inboxes prefixes of inboxes besides the usual ones, or what another connection of the host has made of them
 */
export function outletOf(
  connection: Connection,
  logger: Logger,
  inboxes: readonly string[] | ReplySubjects = [],
): ReplyOutlet {
  const { protocol } = connection as { protocol?: Partial<ClientProtocol> };
  return typeof protocol?.sendCommand === 'function' && typeof protocol.outMsgs === 'number'
    ? new BatchingOutlet(connection, logger, inboxes, protocol as ClientProtocol)
    : new PublishingOutlet(connection, logger, inboxes);
}

/** The public way, for a client library that is made differently inside. */
export class PublishingOutlet implements ReplyOutlet {
  readonly replySubjects: ReplySubjects;
  readonly credit: CreditBudget;
  readonly bodyTurns = new BodyTurns();
  private readonly inboxPrefix: string;

  constructor(
    protected readonly connection: Connection,
    private readonly logger: Logger,
    inboxes: readonly string[] | ReplySubjects,
  ) {
    this.inboxPrefix = inboxPrefixOf(connection);
    this.replySubjects = inboxes instanceof ReplySubjects ? inboxes : new ReplySubjects([this.inboxPrefix, ...inboxes]);
    this.credit = CreditBudget.of(connection);
  }

  newInbox(): string {
    return `${this.inboxPrefix}.${randomToken()}`;
  }

  get maxPayload(): number {
    return this.connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
  }

  publish(subject: string, body: Body, headers?: HeaderBlock, reply?: string): void {
    const payload = typeof body === 'string' ? Buffer.from(body) : body;
    if (headers === undefined && reply === undefined) this.connection.publish(subject, payload);
    else this.connection.publish(subject, payload, { headers, reply });
  }

  publishTo(subject: Uint8Array, body: string): void {
    this.publish(textOf(subject), body);
  }

  listen(subject: string, onMessage: (message: Message) => void, onError: (error: Error) => void): () => void {
    if (this.connection.isClosed() || this.connection.isDraining()) return () => undefined;
    const onFault = (err: unknown): void =>
      this.logger.error({ subject, err }, 'a message for a running request could not be handled');
    const subscription = this.connection.subscribe(subject, { callback: callbackOf({ onMessage, onError, onFault }) });
    return () => {
      if (!subscription.isClosed()) subscription.unsubscribe();
    };
  }

  onReconnect(listener: () => void): () => void {
    return ConnectionEvents.of(this.connection).listen(({ type }) => {
      if (type === 'reconnected') listener();
    });
  }

  flush(): Promise<void> {
    return this.connection.flush();
  }

  /** The public way cannot hold anything back: what it publishes while the connection is away is lost. */
  hold(): void {
    return undefined;
  }

  release(): void {
    return undefined;
  }
}

/**
 * Writes replies into one buffer and hands them to the socket together. The first reply of a turn of the event loop
 * goes out at the end of the callback that made it; those that follow in the same turn go out together at its end.
 * A socket write for each costs 1.7 times as much (docs/decisions/0009-replies-together.md).
 */
class BatchingOutlet extends PublishingOutlet {
  private readonly chunk = Buffer.allocUnsafeSlow(CHUNK);
  /** Bytes in the chunk that are not handed over yet. */
  private end = 0;
  /** What `publishTo` sent last, its size, and all that follows the subject: most acknowledgements are alike. */
  private lastBody = '';
  private lastSize = 0;
  private lastTail = Buffer.from(' 0\r\n\r\n');
  private isTurnOpen = false;
  /** How many services hold it. */
  private holds = 0;
  private readonly held: Uint8Array[][] = [];
  private whenReleased: (() => void)[] = [];
  private readonly handOver = (): void => this.send();
  private readonly endTurn = (): void => {
    this.isTurnOpen = false;
    this.send();
  };

  constructor(
    connection: Connection,
    logger: Logger,
    inboxes: readonly string[] | ReplySubjects,
    private readonly protocol: ClientProtocol,
  ) {
    super(connection, logger, inboxes);
  }

  override publish(to: string, body: Body, headers?: HeaderBlock, reply?: string): void {
    const subject = reply === undefined ? to : `${to} ${reply}`;
    const block = headers === undefined ? '' : headers.block();
    const headerSize = block === '' ? 0 : Buffer.byteLength(block);
    const isText = typeof body === 'string';
    const size = headerSize + (isText ? Buffer.byteLength(body) : body.length);
    if (size > this.maxPayload) throw new RangeError('reply is over max_payload');
    if (this.connection.isClosed()) throw new Error('the connection is closed');
    this.protocol.outMsgs++;
    this.protocol.outBytes += size;
    const head = headerSize === 0 ? `PUB ${subject} ${size}\r\n` : `HPUB ${subject} ${headerSize} ${size}\r\n${block}`;
    if (size > LARGE || subject.length > LARGE) this.sendLarge(head, body);
    else {
      // No more than 3 bytes for a UTF-16 unit of the subject, and 64 for the rest of the line.
      this.makeRoom(size + 3 * subject.length + 64);
      if (isText) this.end += this.chunk.write(`${head}${body}\r\n`, this.end);
      else {
        this.end += this.chunk.write(head, this.end);
        this.chunk.set(body, this.end);
        this.end += body.length;
        this.end += this.chunk.write('\r\n', this.end);
      }
    }
    this.schedule();
  }

  override publishTo(subject: Uint8Array, body: string): void {
    if (subject.length > LARGE || body.length > LARGE) return super.publishTo(subject, body);
    if (this.connection.isClosed()) throw new Error('the connection is closed');
    if (body !== this.lastBody) {
      this.lastBody = body;
      this.lastSize = Buffer.byteLength(body);
      this.lastTail = Buffer.from(` ${this.lastSize}\r\n${body}\r\n`);
    }
    this.protocol.outMsgs++;
    this.protocol.outBytes += this.lastSize;
    this.makeRoom(PUB.length + subject.length + this.lastTail.length);
    this.put(PUB);
    this.put(subject);
    this.put(this.lastTail);
    this.schedule();
  }

  private put(bytes: Uint8Array): void {
    this.chunk.set(bytes, this.end);
    this.end += bytes.length;
  }

  override async flush(): Promise<void> {
    this.send();
    if (this.holds > 0) await new Promise<void>((resolve) => this.whenReleased.push(resolve));
    return super.flush();
  }

  override hold(): void {
    this.send();
    this.holds++;
  }

  override release(): void {
    if (this.holds === 0 || --this.holds > 0) return;
    for (const parts of this.held.splice(0)) this.write(...parts);
    this.send();
    for (const resolve of this.whenReleased.splice(0)) resolve();
  }

  private schedule(): void {
    if (this.isTurnOpen) return;
    this.isTurnOpen = true;
    queueMicrotask(this.handOver);
    setImmediate(this.endTurn);
  }

  private makeRoom(bytes: number): void {
    if (this.end + bytes > CHUNK) this.send();
  }

  private sendLarge(head: string, body: Body): void {
    this.send();
    const payload = typeof body === 'string' ? Buffer.from(body) : body;
    this.write(Buffer.from(head), payload, Buffer.from('\r\n'));
  }

  private send(): void {
    if (this.end === 0) return;
    // The socket keeps what it is given for as long as it likes. A copy of just that dies young; chunks that change
    // hands do not, and cost 12 MB until the next full collection.
    const ready = Buffer.allocUnsafe(this.end);
    this.chunk.copy(ready, 0, 0, this.end);
    this.end = 0;
    this.write(ready);
  }

  private write(...parts: Uint8Array[]): void {
    // Client libraries drop what they are given between two connections.
    if (this.holds > 0) this.held.push(parts);
    else this.protocol.sendCommand(...(parts as [Uint8Array, ...Uint8Array[]]));
  }
}
