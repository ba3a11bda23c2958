const BRAND = Symbol.for('natsmith.ServiceError');

/** What a {@link ServiceError} may carry besides its code and description. */
export interface ServiceErrorOptions<Data = unknown> {
  /** Sent as the body of the error reply, encoded like any reply. */
  data?: Data;
  /** Headers of the error reply; the two error headers win over headers of the same name. */
  headers?: Readonly<Record<string, string | readonly string[]>>;
  /** What led to the error; logged where it is thrown, never sent. */
  cause?: unknown;
}

/**
 * An error that a service shows to its caller (ADR-32, Error handling): thrown in a handler it becomes the error reply,
 * and a client throws it for an error reply that it got.
 */
export class ServiceError<Data = unknown> extends Error {
  override readonly name = 'ServiceError';
  readonly data: Data | undefined;
  readonly headers: ServiceErrorOptions['headers'];

  /**
   * @param code an integer, by custom one of HTTP's: the header `Nats-Service-Error-Code`
   * @param description may be shown to a user; line breaks become blanks: the header `Nats-Service-Error`
   */
  constructor(
    readonly code: number,
    readonly description: string,
    options: ServiceErrorOptions<Data> = {},
  ) {
    super(`${code}: ${description}`, 'cause' in options ? { cause: options.cause } : undefined);
    this.data = options.data;
    this.headers = options.headers;
    Object.defineProperty(this, BRAND, { value: true });
  }

  // Two copies of this package in one process must know each other's errors.
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== ServiceError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
