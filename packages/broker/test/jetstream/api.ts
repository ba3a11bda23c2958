import type { Connection, Message } from '#test/connection';

/** What a client says to JetStream by plain requests, whatever its library knows. */
export class JetStreamApi {
  constructor(readonly connection: Connection) {}

  /** Asks, and gives what was answered; an error answer too. */
  async ask(subject: string, body?: object): Promise<Answer> {
    const reply = await this.connection.request(`$JS.API.${subject}`, body === undefined ? '' : JSON.stringify(body), {
      timeout: 2_000,
    });
    return JSON.parse(Buffer.from(reply.data).toString()) as Answer;
  }

  async stream(config: { name: string } & Record<string, unknown>): Promise<Answer> {
    return succeeded(await this.ask(`STREAM.CREATE.${config.name}`, config));
  }

  async consumer(stream: string, config: { durable_name: string } & Record<string, unknown>): Promise<Answer> {
    const request = { stream_name: stream, config: { ack_policy: 'explicit', ...config } };
    return succeeded(await this.ask(`CONSUMER.CREATE.${stream}.${config.durable_name}`, request));
  }

  async publish(subject: string, body: string): Promise<number> {
    const reply = await this.connection.request(subject, body, { timeout: 2_000 });
    return Number((JSON.parse(text(reply)) as { seq: number }).seq);
  }

  /** Asks for messages, and gives all that comes, until it is as many as were asked for or a status says that it ended. */
  pull(stream: string, consumer: string, body: { batch: number } & Record<string, unknown>): Promise<Message[]> {
    const inbox = `_INBOX.pull.${Math.random().toString(36).slice(2)}`;
    const got: Message[] = [];
    return new Promise((resolve) => {
      let left = body.batch;
      const subscription = this.connection.subscribe(inbox, {
        callback: (_, message) => {
          got.push(message);
          const status = statusOf(message);
          if (status?.startsWith('100')) return;
          if (status === undefined && --left > 0) return;
          subscription.unsubscribe();
          resolve(got);
        },
      });
      this.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(body), {
        reply: inbox,
      });
    });
  }
}

/** The JSON of an answer, as far as tests look at it. */
export interface Answer {
  readonly error?: { readonly err_code: number; readonly description: string };
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly num_redelivered: number;
  readonly paused?: boolean;
  readonly state: { readonly messages: number; readonly first_seq: number; readonly last_seq: number };
  readonly config: Record<string, unknown>;
  readonly ack_floor: { readonly stream_seq: number };
}

export const text = (message: Message): string => Buffer.from(message.data).toString();

/** What a message says in its status line, such as `404 No Messages`; undefined for an ordinary one. */
export function statusOf(message: Message): string | undefined {
  const { headers } = message as { headers?: { code: number; description: string } };
  return headers?.code ? `${headers.code} ${headers.description}` : undefined;
}

function succeeded(answer: Answer): Answer {
  if (answer.error) throw new Error(answer.error.description);
  return answer;
}
