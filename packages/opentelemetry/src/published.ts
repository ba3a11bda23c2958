// What this package reads of what core, client and jetstream publish on their channels, documented in
// docs/reference/telemetry.md. Written down here, so that a program of one of them needs none of the others.

export interface Headers {
  get(name: string): string | undefined;
}

export interface HeadersToSend extends Headers {
  set(name: string, value: string): void;
}

/** What all messages of a handler share; one object for each handler. */
export interface HandlerInfo {
  readonly name: string;
  readonly subject: string;
  readonly queueGroup: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface MessageContext {
  readonly kind: string;
  readonly service: { readonly name: string; readonly version: string; readonly id: string };
  readonly handler: HandlerInfo;
  readonly headers: Headers;
  readonly message: unknown;
}

/** Of consumers and schedules. */
export interface DeliveredContext extends MessageContext {
  readonly stream: string;
  readonly sequence: number;
  readonly attempt: number;
}

export interface MessageStart {
  readonly ctx: MessageContext;
  around?: (run: () => void) => void;
  trace?: { readonly traceId: string; readonly traceFlags: number };
}

export interface MessageError {
  readonly ctx: MessageContext;
  readonly error: unknown;
}

export interface MessageEnd {
  readonly ctx: MessageContext;
  readonly outcome: 'done' | 'failed' | 'abandoned';
  readonly code: number | undefined;
  readonly description: string | undefined;
  readonly duration: number;
  readonly settlement?: object;
}

/** `settlement` of consumers, schedules, and, with `messages`, of batches. */
export interface Settlement {
  readonly end?: string;
  readonly messages?: readonly { readonly headers: Headers }[];
}

/** A call, stream or publish of a client, or a publish of JetStream. */
export interface Operation {
  /** Undefined for JetStream. */
  readonly kind?: 'call' | 'stream' | 'publish';
  readonly service?: string | undefined;
  readonly method?: string | undefined;
  readonly template: string | undefined;
  readonly headers: HeadersToSend;
  readonly attempts?: number;
  readonly items?: number;
  readonly error?: unknown;
  readonly code: number | undefined;
}
