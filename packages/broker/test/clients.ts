import * as nats3 from '@nats-io/transport-node';
import * as nats2 from 'nats';

/** What both client libraries have in common, as far as the suites need it. */
export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: { get(key: string): string; values(key: string): string[] };
  respond(data?: Uint8Array, options?: { headers?: unknown }): boolean;
}

export interface ClientSubscription extends AsyncIterable<Message> {
  unsubscribe(max?: number): void;
  readonly closed: Promise<unknown>;
}

export interface Client {
  readonly protocol?: { transport?: unknown };
  publish(subject: string, data?: Uint8Array, options?: { headers?: unknown; reply?: string }): void;
  request(subject: string, data?: Uint8Array, options?: { timeout: number }): Promise<Message>;
  subscribe(
    subject: string,
    options?: { queue?: string; max?: number; callback?: (error: Error | null, message: Message) => void },
  ): ClientSubscription;
  flush(): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
  closed(): Promise<unknown>;
  status(): AsyncIterable<{ type: string }>;
  isClosed(): boolean;
  rtt(): Promise<number>;
}

export interface ConnectOptions {
  servers: string;
  user?: string;
  pass?: string;
  token?: string;
  reconnect?: boolean;
  reconnectTimeWait?: number;
  maxReconnectAttempts?: number;
  noEcho?: boolean;
  pedantic?: boolean;
  verbose?: boolean;
  tls?: object;
}

export interface ClientLibrary {
  readonly name: string;
  connect(options: ConnectOptions): Promise<Client>;
  headers(): { append(key: string, value: string): void };
}

export const clientLibraries: ClientLibrary[] = [
  {
    name: 'nats 2',
    connect: async (options) => await nats2.connect(options),
    headers: () => nats2.headers(),
  },
  {
    name: '@nats-io/transport-node 3',
    connect: async (options) => await nats3.connect(options),
    headers: () => nats3.headers(),
  },
];
