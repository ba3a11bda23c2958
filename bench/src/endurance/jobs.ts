import { setTimeout as delay } from 'node:timers/promises';
import { connect, type NatsConnection } from 'nats';
import { Notes } from './notes';

/** Jobs that workers handle, and what they note of them. */
export class Jobs {
  /** The numbers of the jobs that the stream has acknowledged. */
  readonly stored: number[] = [];
  private next = 0;

  private constructor(
    readonly connection: NatsConnection,
    /** Workers write a line for each job that they handle. */
    private readonly lines: Notes,
  ) {}

  /** Makes the stream, so that jobs can be published before there is a worker. */
  static async open(url: string): Promise<Jobs> {
    const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    await (await connection.jetstreamManager()).streams.add({ name: 'JOBS', subjects: ['jobs.*'] });
    return new Jobs(connection, new Notes());
  }

  /** The file of the notes. */
  get notes(): string {
    return this.lines.path;
  }

  /** Publishes a job with the next number; what the server does not acknowledge is not counted. */
  async publish(): Promise<void> {
    const n = this.next++;
    try {
      await this.connection.jetstream().publish(`jobs.${n}`, JSON.stringify({ n }), { timeout: 2000 });
      this.stored.push(n);
    } catch {
      await delay(20);
    }
  }

  noted(): string[] {
    return this.lines.lines();
  }

  /** How often each job has been handled. */
  handled(): Map<number, number> {
    const times = new Map<number, number>();
    for (const line of this.noted()) times.set(Number(line), (times.get(Number(line)) ?? 0) + 1);
    return times;
  }

  /** Waits until all that is stored has been handled; gives what has not been after `patience` milliseconds. */
  async missing(patience: number): Promise<number[]> {
    const deadline = performance.now() + patience;
    for (;;) {
      const handled = this.handled();
      const missing = this.stored.filter((n) => !handled.has(n));
      if (missing.length === 0 || performance.now() > deadline) return missing;
      await delay(250);
    }
  }
}
