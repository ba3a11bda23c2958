import { type Message } from './connection';

/** What a stock client makes of a reply. */
export class Reply {
  constructor(readonly message: Pick<Message, 'data' | 'headers'>) {}

  /** Of the error headers; 200 when there are none. */
  get code(): number {
    return Number(this.header('Nats-Service-Error-Code') ?? 200);
  }

  get description(): string | undefined {
    return this.header('Nats-Service-Error');
  }

  get body(): Buffer {
    return Buffer.from(this.message.data);
  }

  get text(): string {
    return this.body.toString();
  }

  /** The body from JSON; undefined when it is empty. */
  get value(): unknown {
    return this.text === '' ? undefined : (JSON.parse(this.text) as unknown);
  }

  header(name: string): string | undefined {
    const { headers } = this.message;
    return headers?.has(name) ? headers.get(name) : undefined;
  }

  headerValues(name: string): string[] {
    return this.message.headers?.values(name) ?? [];
  }
}
