import { Grant } from '../auth';
import { DEFAULT_OPTIONS } from '../connect';
import { deliver, type Subscriber, type Subscription } from '../delivery';
import type { Publication } from '../operations';
import type { SubscriptionIndex } from '../subscriptions';

const CRLF = Buffer.from('\r\n');

// What JetStream sends and takes is as from a client that may do everything.
const itself: Subscriber = {
  options: { ...DEFAULT_OPTIONS, verbose: false, headers: true },
  grant: new Grant(),
  send: () => undefined,
  remove: () => undefined,
};

/** What JetStream hears and says on the subjects of the broker. Subjects are byte strings. */
export class Post {
  /** Whether a message that is heard now is one of its own. */
  isSpeaking = false;

  constructor(private readonly index: SubscriptionIndex<Subscription>) {}

  /** Takes all messages on a subject, until the returned function is called. */
  listen(subject: string, take: (message: Publication) => void): () => void {
    const subscription: Subscription = {
      session: itself,
      subject,
      queue: undefined,
      sid: '',
      max: 0,
      delivered: 0,
      closed: false,
      take,
    };
    this.index.add(subscription);
    return () => {
      subscription.closed = true;
      this.index.delete(subscription);
    };
  }

  hasInterest(subject: string): boolean {
    const { plain, groups } = this.index.match(subject);
    return plain.length > 0 || groups.length > 0;
  }

  /** Sends headers (a block as a byte string, or none) and a body. */
  send(subject: string, body: string, headers = '', reply?: string): void {
    const frame = Buffer.concat([Buffer.from(headers, 'latin1'), Buffer.from(body), CRLF]);
    this.say({ subject, reply, headerSize: headers.length, frame }, subject);
  }

  /** Sends what a stream holds to one who asked, who reads the message's own subject. */
  forward(to: string, message: Publication): boolean {
    return this.say(message, to);
  }

  private say(message: Publication, to: string): boolean {
    const before = this.isSpeaking;
    this.isSpeaking = true;
    try {
      return deliver(this.index, itself, message, to);
    } finally {
      this.isSpeaking = before;
    }
  }
}
