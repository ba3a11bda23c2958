/** What the connections of `nats` 2 and `@nats-io/transport-node` 3 have in common, so that one test is written for both. */
export interface Connection {
  readonly info?: { version: string; max_payload: number; client_id: number };
  request(subject: string, payload?: Payload, options?: RequestOptions): Promise<Message>;
  requestMany(
    subject: string,
    payload?: Payload,
    options?: { maxWait?: number; maxMessages?: number; headers?: Headers },
  ): Promise<AsyncIterable<Message>>;
  publish(subject: string, payload?: Payload, options?: { reply?: string; headers?: Headers }): void;
  subscribe(subject: string, options?: SubscribeOptions): Subscription;
  status(): AsyncIterable<{ type: string }>;
  flush(): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
  closed(): Promise<void | Error>;
  reconnect(): Promise<void>;
  rtt(): Promise<number>;
  isClosed(): boolean;
  isDraining(): boolean;
  getServer(): string;
  stats(): { inBytes: number; outBytes: number; inMsgs: number; outMsgs: number };
}

export type Payload = string | Uint8Array;

export interface RequestOptions {
  /** ms */
  timeout: number;
  headers?: Headers;
  noMux?: boolean;
  reply?: string;
}

export interface SubscribeOptions {
  queue?: string;
  max?: number;
  callback?: (error: Error | null, message: Message) => void;
}

export interface Subscription extends AsyncIterable<Message> {
  unsubscribe(max?: number): void;
  drain(): Promise<void>;
  isClosed(): boolean;
}

export interface Message {
  readonly subject: string;
  readonly reply?: string;
  readonly data: Uint8Array;
  readonly headers?: Headers;
  respond(payload?: Payload, options?: { headers?: Headers }): boolean;
  json<T>(): T;
  string(): string;
}

export interface Headers extends Iterable<[string, string[]]> {
  readonly code: number;
  readonly description: string;
  readonly hasError: boolean;
  get(key: string): string;
  values(key: string): string[];
  has(key: string): boolean;
  keys(): string[];
  set(key: string, value: string): void;
  append(key: string, value: string): void;
  delete(key: string): void;
}
