import type { Publication } from '../operations';
import type { Subscription } from '../delivery';
import type { SubscriptionIndex } from '../subscriptions';
import { acknowledge, readAckSubject } from './acknowledge';
import { Advisories } from './advisories';
import { refusals } from './api-error';
import { answerDirect } from './api/direct';
import { answer } from './api/answer';
import { Budget } from './budget';
import { Clock } from './clock';
import { type Consumer } from './consumer';
import { Post } from './post';
import { Stream, type Surroundings } from './stream';
import type { StreamConfig } from './stream-config';
import { fromBytes, subjectsCollide } from './subject-filter';
import { Turns } from './turns';

const MAX_STREAMS = 10_000;
const MAX_MEMORY = 1024 * 1024 * 1024;

/** The streams of a broker, in memory, and what answers on `$JS`. */
export class JetStream {
  /** Can be moved ahead. */
  readonly clock: Clock;
  /** Is that of the machine. */
  private readonly machine: Clock;
  readonly streams = new Map<string, Stream<Consumer>>();
  readonly budget = new Budget(MAX_MEMORY);
  /** Requests to the API, and how many were refused. */
  readonly counts = { total: 0, errors: 0 };
  private readonly surroundings: Surroundings;
  private readonly post: Post;
  private readonly ears: (() => void)[];

  constructor(index: SubscriptionIndex<Subscription>, warn: (details: object, message: string) => void) {
    const post = (this.post = new Post(index));
    const late = (error: unknown): void => warn({ error }, 'what was due could not be done');
    this.clock = new Clock(late);
    this.machine = new Clock(late);
    this.surroundings = {
      post,
      clock: this.clock,
      machine: this.machine,
      budget: this.budget,
      advisories: new Advisories(post, this.clock),
      turns: new Turns((error) => warn({ error }, 'a consumer could not deliver')),
      warn,
    };
    const guarded = (take: (message: Publication) => void) => (message: Publication) => {
      // What it says to a reply subject of a client's choice is never a request to itself.
      if (post.isSpeaking) return;
      try {
        take(message);
      } catch (error) {
        warn({ error, subject: fromBytes(message.subject) }, 'a request to JetStream failed');
      }
    };
    this.ears = [
      post.listen(
        '$JS.API.>',
        guarded((message) => this.request(message)),
      ),
      post.listen(
        '$JS.ACK.>',
        guarded((message) => this.acknowledge(message)),
      ),
      post.listen(
        '$JS.FC.>',
        guarded((message) => this.flowAnswered(message)),
      ),
    ];
  }

  /** Makes a stream. Throws ApiError. */
  create(config: StreamConfig): Stream<Consumer> {
    if (this.streams.size >= MAX_STREAMS) throw refusals.accountStreams();
    this.checkOverlap(config);
    const stream = new Stream<Consumer>(config, this.surroundings);
    this.streams.set(config.name, stream);
    return stream;
  }

  /** Throws ApiError where another stream has one of these subjects. */
  checkOverlap({ name, subjects }: StreamConfig): void {
    for (const stream of this.streams.values()) {
      if (stream.config.name === name) continue;
      for (const other of stream.config.subjects) {
        if (subjects.some((subject) => subjectsCollide(subject, other))) throw refusals.subjectOverlap();
      }
    }
  }

  delete(stream: Stream<Consumer>): void {
    this.streams.delete(stream.config.name);
    stream.close();
  }

  /** Somebody subscribed: push consumers that had no reader may have one now. */
  interestChanged(): void {
    for (const stream of this.streams.values()) {
      for (const consumer of stream.consumers.values()) if (consumer.isPush) consumer.wake();
    }
  }

  stop(): void {
    for (const ear of this.ears.splice(0)) ear();
    for (const stream of [...this.streams.values()]) this.delete(stream);
    this.clock.stop();
    this.machine.stop();
  }

  private request(message: Publication): void {
    const subject = fromBytes(message.subject);
    const tokens = subject.split('.').slice(2);
    const headers = message.frame.toString('latin1', 0, message.headerSize);
    const body = message.frame.subarray(message.headerSize, message.frame.length - 2);
    if (tokens[0] === 'DIRECT') {
      answerDirect(this, this.post, message, tokens, headers, body);
      return;
    }
    if (tokens[0] === 'CONSUMER' && tokens[1] === 'MSG' && tokens[2] === 'NEXT') {
      const consumer = this.streams.get(tokens[3] ?? '')?.consumers.get(tokens[4] ?? '');
      if (message.reply === undefined || tokens.length !== 5) return;
      if (consumer !== undefined) consumer.request(message.reply, body);
      // On a server each consumer listens for itself, so that nobody listens for one that is not there.
      else this.post.send(message.reply, '', `NATS/1.0 503\r\nNats-Subject: ${subject}\r\n\r\n`);
      return;
    }
    this.counts.total++;
    const reply = answer(this, { tokens, headers, body });
    if ('error' in reply) this.counts.errors++;
    if (message.reply !== undefined) this.post.send(message.reply, JSON.stringify(reply));
  }

  private acknowledge(message: Publication): void {
    const ack = readAckSubject(message.subject);
    if (!ack) return;
    const consumer = this.streams.get(fromBytes(ack.stream))?.consumers.get(fromBytes(ack.consumer));
    if (consumer) acknowledge(consumer, ack, message);
  }

  private flowAnswered({ subject }: Publication): void {
    const [, , stream = '', consumer = ''] = subject.split('.').map(fromBytes);
    this.streams.get(stream)?.consumers.get(consumer)?.flowAnswered(subject);
  }
}
