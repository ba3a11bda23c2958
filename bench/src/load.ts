import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** One request, sent again and again: what goes out, and where replies come in. */
export interface Exchange {
  readonly subject: string;
  readonly payload: string;
  /** NATS headers of the request, as text without the first line; `""` for none. */
  readonly headers?: string;
  /** Where the reply is published; by default a subject of the generator's own. */
  readonly replySubject?: string;
  /** Throws when the body of a reply is not what it should be. */
  check(body: string): void;
}

/** What a slice of load came to. */
export interface Slice {
  readonly requests: number;
  readonly seconds: number;
  /** Microseconds from request to reply; only where one request was in flight at a time. */
  readonly latencies: readonly number[];
}

const NOTHING = Buffer.alloc(0);
const PING = Buffer.from('PING\r\n');

/**
 * A closed-loop load generator on a raw socket: `nc.request` costs ten times what a service does, and would hide it.
 * The first reply is checked; all others must have the same bytes.
 */
export class Load {
  private static opened = 0;
  // Of its own, or each of a suite's generators would get the replies of all.
  private readonly inbox = `_INBOX.bench.${String(++Load.opened).padStart(4, '0')}`;
  private socket!: Socket;
  private frame: Buffer | undefined;
  private repeated: Buffer = NOTHING;
  private offset = 0;
  private onReplies: (count: number) => void = () => undefined;
  private fail: (error: Error) => void = (error) => {
    throw error;
  };
  private pendingHead: Buffer = NOTHING;
  private heldBack: Buffer = NOTHING;
  private readonly request: Buffer;

  private constructor(private readonly exchange: Exchange) {
    const { subject, payload, headers = '' } = exchange;
    const { inbox } = this;
    const size = Buffer.byteLength(payload);
    if (headers === '') this.request = Buffer.from(`PUB ${subject} ${inbox} ${size}\r\n${payload}\r\n`);
    else {
      const block = `NATS/1.0\r\n${headers}\r\n\r\n`;
      this.request = Buffer.from(
        `HPUB ${subject} ${inbox} ${block.length} ${block.length + size}\r\n${block}${payload}\r\n`,
      );
    }
  }

  static async open(port: number, exchange: Exchange): Promise<Load> {
    const load = new Load(exchange);
    load.socket = connect(port, '127.0.0.1');
    load.socket.setNoDelay(true);
    await once(load.socket, 'connect');
    load.socket.on('data', (chunk: Buffer) => load.receive(chunk));
    load.socket.write(
      'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"lang":"bench","version":"1"}\r\n',
    );
    // The server's own word, that nobody listens yet, comes to the inbox in any case.
    load.socket.write(`SUB ${load.inbox} 1\r\n`);
    if (exchange.replySubject !== undefined) load.socket.write(`SUB ${exchange.replySubject} 2\r\n`);
    return load;
  }

  /** Keeps `inFlight` requests under way for `milliseconds`, then waits for the last replies. */
  async run(inFlight: number, milliseconds: number): Promise<Slice> {
    let sent = 0;
    let received = 0;
    let isOver = false;
    const latencies: number[] = [];
    const started = process.hrtime.bigint();
    let sentAt = started;
    const send = (count: number): void => {
      sent += count;
      sentAt = process.hrtime.bigint();
      this.socket.write(count === 1 ? this.request : Buffer.concat(Array<Buffer>(count).fill(this.request)));
    };
    await new Promise<void>((resolve, reject) => {
      const silence = setTimeout(
        () => reject(new Error(`no reply on ${this.exchange.subject}`)),
        milliseconds + 10_000,
      );
      this.fail = reject;
      this.onReplies = (count) => {
        if (inFlight === 1) latencies.push(Number(process.hrtime.bigint() - sentAt) / 1000);
        received += count;
        if (!isOver) return send(count);
        if (received < sent) return;
        clearTimeout(silence);
        resolve();
      };
      setTimeout(() => (isOver = true), milliseconds);
      send(inFlight);
    });
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    return { requests: received, seconds, latencies };
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    let replies = chunk;
    if (this.frame === undefined) {
      this.pendingHead = Buffer.concat([this.pendingHead, chunk]);
      const text = this.pendingHead.toString('latin1');
      const start = text.search(/(^|\n)H?MSG /);
      if (start < 0) return;
      const from = text[start] === '\n' ? start + 1 : start;
      const lineEnd = text.indexOf('\r\n', from);
      if (lineEnd < 0) return;
      const words = text.slice(from, lineEnd).split(' ');
      const total = Number(words.at(-1));
      const end = lineEnd + 2 + total + 2;
      if (this.pendingHead.length < end) return;
      const headerSize = words[0] === 'HMSG' ? Number(words.at(-2)) : 0;
      if (text.startsWith('NATS/1.0 503', lineEnd + 2)) {
        // Some services say that they are ready before the server knows their subscription.
        this.pendingHead = this.pendingHead.subarray(end);
        setTimeout(() => this.socket.write(this.request), 20);
        return;
      }
      try {
        this.exchange.check(this.pendingHead.toString('utf8', lineEnd + 2 + headerSize, end - 2));
      } catch (error) {
        return this.fail(error as Error);
      }
      this.frame = Buffer.from(this.pendingHead.subarray(from, end));
      this.repeated = Buffer.concat(Array<Buffer>(1 + Math.ceil(300_000 / this.frame.length)).fill(this.frame));
      replies = this.pendingHead.subarray(from);
    }
    this.count(replies);
  }

  private count(chunk: Buffer): void {
    const frame = this.frame as Buffer;
    const bytes = this.heldBack.length === 0 ? chunk : Buffer.concat([this.heldBack, chunk]);
    this.heldBack = NOTHING;
    if (bytes.compare(this.repeated, this.offset, this.offset + bytes.length) !== 0) return this.countAround(bytes);
    const position = this.offset + bytes.length;
    this.offset = position % frame.length;
    const whole = Math.floor(position / frame.length);
    if (whole > 0) this.onReplies(whole);
  }

  /** The server's own PING, perhaps only the beginning of it, is the only thing that may stand between replies. */
  private countAround(bytes: Buffer): void {
    const ping = bytes.indexOf(PING);
    if (ping >= 0) {
      this.socket.write('PONG\r\n');
      return this.count(Buffer.concat([bytes.subarray(0, ping), bytes.subarray(ping + PING.length)]));
    }
    for (let size = PING.length - 1; size > 0; size--) {
      if (!bytes.subarray(-size).equals(PING.subarray(0, size))) continue;
      this.count(bytes.subarray(0, -size));
      this.heldBack = bytes.subarray(-size);
      return;
    }
    this.fail(new Error(`a reply differs from the first: ${JSON.stringify(bytes.toString('latin1', 0, 200))}`));
  }
}
