import { connect, type Msg, type NatsConnection } from 'nats';

/** Everything that is published on a broker, but for what NATS and natsmith say to themselves. */
export class Seen {
  readonly messages: Msg[] = [];

  private constructor(private readonly connection: NatsConnection) {
    connection.subscribe('>', {
      callback: (error, message) => {
        if (error === null && !/^(\$|_)/.test(message.subject)) this.messages.push(message);
      },
    });
  }

  static async on(url: string): Promise<Seen> {
    const seen = new Seen(await connect({ servers: url, maxReconnectAttempts: 0 }));
    await seen.flush();
    return seen;
  }

  flush(): Promise<void> {
    return this.connection.flush();
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
