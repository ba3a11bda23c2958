import { connect, type NatsConnection } from 'nats';

/** Listens to every inbox: a request that is answered twice shows, though client libraries take the first reply alone. */
export class ReplyCount {
  /** Replies to a request that had one already. */
  doubled = 0;
  private readonly answered = new Set<string>();
  private constructor(private readonly connection: NatsConnection) {
    connection.subscribe('_INBOX.>', { callback: (_, { subject }) => this.count(subject) });
  }

  static async start(server: string): Promise<ReplyCount> {
    const replies = new ReplyCount(await connect({ servers: server, maxReconnectAttempts: -1, reconnectTimeWait: 50 }));
    await replies.connection.flush();
    return replies;
  }

  async end(): Promise<void> {
    await this.connection.close();
  }

  private count(inbox: string): void {
    if (this.answered.has(inbox)) this.doubled++;
    else this.answered.add(inbox);
  }
}
