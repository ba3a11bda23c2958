import { setTimeout as delay } from 'node:timers/promises';
import { ServiceClient } from '@natsmith/client';
import { connect, type NatsConnection } from 'nats';

const SUBJECTS = ['plain', 'wait'];
/** Callers of each kind; each has a connection of its own, so that every server has some. */
const CALLERS = 6;
const IN_FLIGHT = 4;
const TIMEOUT = 5_000;

/** What came of the requests of one kind of client. */
export interface Outcome {
  sent: number;
  /** No reply, or an error. */
  lost: number;
  wrong: number;
  /** How often an error came. */
  readonly errors: Map<string, number>;
}

type Ask = (subject: string, payload: { a: number; b: number }) => Promise<unknown>;

/** Requests from natsmith's client and from the stock client, each with numbers of its own, so that no reply fits another. */
export class ClusterLoad {
  readonly natsmith: Outcome = { sent: 0, lost: 0, wrong: 0, errors: new Map() };
  readonly stock: Outcome = { sent: 0, lost: 0, wrong: 0, errors: new Map() };
  private isOver = false;
  private readonly running: Promise<void>[] = [];
  private constructor(
    readonly clients: readonly ServiceClient[],
    readonly connections: readonly NatsConnection[],
  ) {}

  /** @param stockServers where stock clients connect to, which do not move away from a server in lame duck mode */
  static async start(servers: readonly string[], stockServers: readonly string[]): Promise<ClusterLoad> {
    const options = { maxReconnectAttempts: -1, reconnectTimeWait: 50, noRandomize: true, ignoreClusterUpdates: true };
    const clients = await Promise.all(
      Array.from({ length: CALLERS }, async (_, i) => {
        const connection = { ...options, servers: rotated(servers, i), ignoreClusterUpdates: false };
        const client = await ServiceClient.connect({ connection, timeout: TIMEOUT });
        return client;
      }),
    );
    const connections = await Promise.all(
      Array.from({ length: CALLERS }, (_, i) => connect({ ...options, servers: rotated(stockServers, i) })),
    );
    const load = new ClusterLoad(clients, connections);
    for (const client of clients) load.run(load.natsmith, (subject, payload) => client.call(subject, payload));
    for (const connection of connections)
      load.run(load.stock, async (subject, payload) =>
        (await connection.request(subject, JSON.stringify(payload), { timeout: TIMEOUT })).json(),
      );
    return load;
  }

  get sent(): number {
    return this.natsmith.sent + this.stock.sent;
  }

  /** Resolves when every request has an outcome. */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running);
    await Promise.all([...this.clients.map((one) => one.close()), ...this.connections.map((one) => one.close())]);
  }

  figures(): Record<string, number> {
    const { natsmith, stock } = this;
    return {
      'requests of natsmith clients': natsmith.sent,
      lost: natsmith.lost,
      wrong: natsmith.wrong,
      'requests of stock clients': stock.sent,
      'lost by stock clients': stock.lost,
      'wrong at stock clients': stock.wrong,
    };
  }

  /** The errors and how often they came, for the log. */
  errors(): string {
    const all = [...this.natsmith.errors, ...[...this.stock.errors].map(([name, n]) => [`stock: ${name}`, n] as const)];
    return all.map(([name, count]) => `${name} (${count})`).join(', ') || 'none';
  }

  private run(outcome: Outcome, ask: Ask): void {
    for (let i = 0; i < IN_FLIGHT; i++) this.running.push(this.call(outcome, ask));
  }

  private async call(outcome: Outcome, ask: Ask): Promise<void> {
    while (!this.isOver) {
      const number = ++outcome.sent;
      try {
        const reply = await ask(SUBJECTS[number % SUBJECTS.length] as string, { a: number, b: 1 });
        if (reply !== number + 1) outcome.wrong++;
      } catch (error) {
        outcome.lost++;
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
