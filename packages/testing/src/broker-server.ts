import { Broker, type PublishedMessage } from '@natsmith/broker';
import { type ServerOptions, type TestServer } from './server';

/** The in-process broker as a test server, which can be restarted. */
export class BrokerServer implements TestServer {
  readonly kind = 'broker';

  private constructor(
    private broker: Broker,
    private readonly options: ServerOptions,
  ) {}

  /** Starts a broker and resolves when clients can connect. */
  static async start(options: ServerOptions = {}): Promise<BrokerServer> {
    return new BrokerServer(await Broker.start(options), options);
  }

  get port(): number {
    return this.broker.port;
  }

  get url(): string {
    return this.broker.url;
  }

  stop(): Promise<void> {
    return this.broker.stop();
  }

  /** As `stop`: a broker has no process of its own to kill, and either way clients see their connection end. */
  kill(): Promise<void> {
    return this.stop();
  }

  /** Hears of what clients publish; see `Broker.onPublish`. */
  onPublish(listener: (message: PublishedMessage) => void): void {
    this.broker.onPublish(listener);
  }

  /** Moves the time of JetStream ahead; see `Broker.advance`. */
  advance(ms: number, settled?: () => Promise<void>): Promise<void> {
    return this.broker.advance(ms, settled);
  }

  async restart(): Promise<void> {
    await this.stop();
    this.broker = await Broker.start({ ...this.options, port: this.port });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
