import { delay, nextTurn, PermissionError, type Connection } from '@natsmith/protocol';

/** Milliseconds that a publish waits for the server's answer. */
const PATIENCE = 2_000;

interface Publish {
  readonly subject: string;
  fail(error: Error): void;
}

/** Publishes that wait for the server to accept or refuse them. */
export class ConfirmedPublishes {
  private readonly pending = new Set<Publish>();
  private flushing: Promise<void> | undefined;

  constructor(private readonly connection: Connection) {}

  /**
   * Publishes, and resolves when the server has accepted the message; all that is published in one turn waits for one
   * answer.
   * @throws PermissionError when the server forbids it
   */
  async run(subject: string, publish: () => void): Promise<void> {
    let fail = (_: Error): void => undefined;
    const refused = new Promise<never>((_, reject) => (fail = reject));
    const pending = { subject, fail };
    this.pending.add(pending);
    try {
      publish();
      await Promise.race([refused, this.flushed()]);
    } finally {
      this.pending.delete(pending);
    }
  }

  /** The server does not permit what was published to a subject. */
  refuse(subject: string): void {
    for (const publish of this.pending)
      if (publish.subject === subject) publish.fail(new PermissionError('publish', subject));
  }

  close(error: Error): void {
    for (const publish of this.pending) publish.fail(error);
  }

  /** Resolves when the server has had the time to refuse what was published until now. */
  private flushed(): Promise<void> {
    this.flushing ??= nextTurn().then(async () => {
      this.flushing = undefined;
      // While the connection is down, the client library keeps what was published, and sends it later.
      await Promise.race([this.connection.flush().catch(() => undefined), delay(PATIENCE, undefined, { ref: false })]);
      // The libraries hand out a violation some microtasks later than the answer that follows it.
      await nextTurn();
    });
    return this.flushing;
  }
}
