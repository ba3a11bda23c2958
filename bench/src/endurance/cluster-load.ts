import { setTimeout as delay } from 'node:timers/promises';
import { ServiceClient } from '@natsmith/client';
import { connect, type NatsConnection } from 'nats';
import { ReplyCount } from './reply-count';

const SUBJECTS = ['plain', 'wait'];
/** Callers of each kind; each has a connection of its own, so that every server has some. */
const CALLERS = 6;
const IN_FLIGHT = 4;
const TIMEOUT = 5_000;

/** Where the callers connect to: each begins with another one of these servers. */
export interface Places {
  readonly natsmith: readonly string[];
  readonly stock: readonly string[];
  /** A server that is to stay, where replies are counted. */
  readonly count: string;
}

/** What came of the requests of one kind of client. */
export class Outcome {
  sent = 0;
  /** No reply, or an error. */
  lost = 0;
  wrong = 0;
  /** When the latest request was sent that was lost, as `performance.now()`. */
  lastLost = 0;
  /** How often an error came. */
  readonly errors = new Map<string, number>();

  constructor(readonly of: string) {}
}

type Ask = (subject: string, payload: { a: number; b: number }) => Promise<unknown>;

/** Requests from natsmith's client and from the stock client, each with numbers of its own, so that no reply fits another. */
export class ClusterLoad {
  readonly natsmith = new Outcome('natsmith clients');
  /** Requests that may be made twice. */
  readonly idempotent = new Outcome('natsmith clients, idempotent');
  readonly stock = new Outcome('stock clients');
  private isOver = false;
  private readonly running: Promise<void>[] = [];
  private constructor(
    private readonly clients: readonly ServiceClient[],
    private readonly connections: readonly NatsConnection[],
    private readonly replies: ReplyCount,
  ) {}

  static async start({ natsmith, stock, count }: Places): Promise<ClusterLoad> {
    const options = { maxReconnectAttempts: -1, reconnectTimeWait: 50, noRandomize: true };
    const each = Array.from({ length: CALLERS }, (_, i) => i);
    const clients = await Promise.all(
      each.map((i) =>
        ServiceClient.connect({ connection: { ...options, servers: rotated(natsmith, i) }, timeout: TIMEOUT }),
      ),
    );
    const connections = await Promise.all(
      each.map((i) => connect({ ...options, ignoreClusterUpdates: true, servers: rotated(stock, i) })),
    );
    const load = new ClusterLoad(clients, connections, await ReplyCount.start(count));
    for (const client of clients) {
      load.run(load.natsmith, (subject, payload) => client.call(subject, payload));
      load.run(load.idempotent, (subject, payload) => client.call(subject, payload, { idempotent: true }));
    }
    for (const connection of connections)
      load.run(load.stock, async (subject, payload) =>
        (await connection.request(subject, JSON.stringify(payload), { timeout: TIMEOUT })).json(),
      );
    return load;
  }

  get outcomes(): readonly Outcome[] {
    return [this.natsmith, this.idempotent, this.stock];
  }

  /** Replies to requests that had one already. */
  get doubled(): number {
    return this.replies.doubled;
  }

  /** Resolves when every request has an outcome. */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running);
    await Promise.all([...this.clients, ...this.connections].map((one) => one.close()));
    await this.replies.end();
  }

  private run(outcome: Outcome, ask: Ask): void {
    for (let i = 0; i < IN_FLIGHT; i++) this.running.push(this.call(outcome, ask));
  }

  private async call(outcome: Outcome, ask: Ask): Promise<void> {
    while (!this.isOver) {
      const number = ++outcome.sent;
      const sentAt = performance.now();
      try {
        const reply = await ask(SUBJECTS[number % SUBJECTS.length] as string, { a: number, b: 1 });
        if (reply !== number + 1) outcome.wrong++;
      } catch (error) {
        outcome.lost++;
        outcome.lastLost = Math.max(outcome.lastLost, sentAt);
        const name = error instanceof Error ? error.message.replaceAll(/\d+/g, 'N') : String(error);
        outcome.errors.set(name, (outcome.errors.get(name) ?? 0) + 1);
        await delay(10); // a connection that is away answers at once
      }
    }
  }
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
