import { craftedAnswer, craftedBody, craftedHeaders } from './crafted';
import { RawConnection, type RawMessage } from './connection';
import type { Random } from './random';

const WINDOW = 2048;
/** Milliseconds; the longest that a silent caller is waited for is 6 s. */
const PATIENCE = 120_000;

const ENDPOINTS = [
  ...['plain', 'validated', 'nested', 'wait', 'fail', 'header', 'everything', 'everything', 'bytes', 'text'],
  ...['items', 'upload', 'both', 'client'],
];
const CONTROL = ['$SRV.PING', '$SRV.PING.endurance', '$SRV.INFO.endurance', '$SRV.STATS.endurance', '$SRV.INFO'];

/** Sends crafted requests, so many at a time, and sees to it that each is answered to its end. */
export class Attack {
  /** Replies by code; 200 for those that are not errors. */
  readonly codes = new Map<string, number>();
  /** Requests that nobody waits for. */
  unanswerable = 0;
  sent = 0;
  private left = 0;
  private readonly pending = new Map<string, string>();
  private resolve: () => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  private constructor(
    private readonly connection: RawConnection,
    private readonly random: Random,
  ) {
    connection.onMessage = (message) => this.receive(message);
    connection.onClose = (error) => this.reject(error);
  }

  static async open(port: number, random: Random): Promise<Attack> {
    return new Attack(await RawConnection.open(port, '_INBOX.h.*', '_INBOX.hctl.*', 'h.in.*', 'h.ctl.*'), random);
  }

  /** Resolves when so many more are sent. */
  send(count: number): Promise<void> {
    this.left = count;
    return this.until(() => this.connection.together(() => this.pump()));
  }

  /** Resolves when all are answered. */
  async drain(): Promise<void> {
    if (this.pending.size > 0) await this.until(() => undefined);
  }

  close(): void {
    this.connection.close();
  }

  private async until(start: () => void): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.resolve = resolve;
        this.reject = reject;
        late = setTimeout(() => reject(this.unanswered()), PATIENCE);
        start();
      });
    } finally {
      clearTimeout(late);
    }
  }

  private unanswered(): Error {
    const some = [...this.pending.values()].slice(0, 5).join('\n');
    return new Error(`${this.pending.size} requests are not answered, such as\n${some}`);
  }

  private pump(): void {
    while (this.left > 0 && this.pending.size < WINDOW) {
      this.left--;
      this.sendOne();
      if (this.left === 0) this.resolve();
    }
  }

  private sendOne(): void {
    const { random } = this;
    const number = ++this.sent;
    // Streams go to inboxes only, and are refused elsewhere.
    const isInbox = random.chance(0.9);
    const own = isInbox
      ? { inbox: `_INBOX.h.${number}`, control: `_INBOX.hctl.${number}` }
      : { inbox: `h.in.${number}`, control: `h.ctl.${number}` };
    const subject = random.pick(random.chance(0.02) ? CONTROL : ENDPOINTS);
    const headers = craftedHeaders(random, own);
    const body = craftedBody(random);
    // Some want no reply, and some have the service reply to itself.
    const reply = random.chance(0.95) ? own.inbox : random.pick(['', '', 'plain', 'bytes', 'both', '$SRV.PING']);
    if (reply === own.inbox) this.pending.set(reply, `${subject} ${JSON.stringify(headers.toString('latin1'))}`);
    else this.unanswerable++;
    this.connection.publish(subject, reply, headers, body);
  }

  private receive({ subject, reply, headers }: RawMessage): void {
    if (/^(_INBOX\.h|h\.)ctl\./.test(subject) || reply !== '') return this.answer(reply, headers);
    if (!this.pending.delete(subject)) return;
    const code =
      /^NATS\/1.0 (\d+)/.exec(headers)?.[1] ?? /^Nats-Service-Error-Code: (.*)$/m.exec(headers)?.[1]?.trim() ?? '200';
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    if (this.left > 0) this.pump();
    else if (this.pending.size === 0) this.resolve();
  }

  /** The service grants or sends items: it gets something to chew on. */
  private answer(to: string, headers: string): void {
    // Items and heartbeats are left without an answer mostly, so that no stream goes on for long.
    if (to === '' || (headers !== '' && this.random.chance(0.8))) return;
    for (let sequence = 1; sequence <= 20; sequence++) {
      const answer = craftedAnswer(this.random, sequence);
      if (answer === undefined) return;
      this.connection.publish(
        to,
        this.random.chance(0.9) ? '_INBOX.hctl.0' : this.random.pick(['', 'h.ctl.0']),
        answer.headers,
        answer.body,
      );
      if (!answer.continues) return;
    }
  }
}
