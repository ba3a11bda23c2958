import {
  type FactoryOptions,
  NatsServiceFactory,
  type NatsServiceHost,
  type ServiceTarget,
  type StatsResponse,
} from '@natsmith/core';
import { connect, headers as newHeaders, type NatsConnection } from 'nats';
import { type ServerOptions, type TestServer } from '@natsmith/testing';
import { onEachServer } from './matrix';
import { Log } from './log';
import { Reply } from './reply';

export interface CallOptions {
  headers?: Record<string, string | string[]>;
  /** ms */
  timeout?: number;
}

type Services = ServiceTarget | readonly ServiceTarget[];
type StageOptions = Omit<FactoryOptions, 'connection'>;

/** Describes the same behaviour of running services on a real nats-server and on the broker. */
export function onStage(
  title: string,
  services: Services,
  describeOn: (stage: Stage, server: TestServer) => void,
  options?: StageOptions,
  serverOptions?: ServerOptions,
): void {
  onEachServer((server) => {
    // A block of its own, because hooks of one block run in the order they are written: the server would end first.
    describe(title, () => {
      const stage = new Stage();
      beforeAll(() => stage.open(server, services, options));
      afterAll(() => stage[Symbol.asyncDispose]());
      describeOn(stage, server);
    });
  }, serverOptions);
}

/** Running services, a stock client on a connection of its own that calls them, and what they log. */
export class Stage implements AsyncDisposable {
  host!: NatsServiceHost<NatsConnection>;
  caller!: NatsConnection;
  log!: Log;

  static start(server: Pick<TestServer, 'url'>, services: Services, options?: StageOptions): Promise<Stage> {
    return new Stage().open(server, services, options);
  }

  async open({ url }: Pick<TestServer, 'url'>, services: Services, options: StageOptions = {}): Promise<Stage> {
    this.log = options.logger instanceof Log ? options.logger : new Log(false);
    const defaults = { signals: false, connection: { servers: url } };
    this.host = await NatsServiceFactory.create(services, { ...defaults, ...options, logger: this.log });
    this.caller = await connect({ servers: url });
    return this;
  }

  /** A text or bytes go as they are, everything else as JSON. */
  async call(subject: string, payload?: unknown, { headers, timeout = 5000 }: CallOptions = {}): Promise<Reply> {
    const block = newHeaders();
    for (const [name, values] of Object.entries(headers ?? {}))
      for (const value of [values].flat()) block.append(name, value);
    const options = { timeout, ...(headers && { headers: block }) };
    return new Reply(await this.caller.request(subject, bodyOf(payload), options));
  }

  /** STATS of the first service. */
  async stats(): Promise<StatsResponse> {
    const [service] = this.host.services;
    return (await this.call(`$SRV.STATS.${service!.name}.${service!.id}`)).value as StatsResponse;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.stop();
    await this.caller.close();
  }
}

function bodyOf(payload: unknown): string | Uint8Array {
  if (payload === undefined) return '';
  return typeof payload === 'string' || payload instanceof Uint8Array ? payload : JSON.stringify(payload);
}
