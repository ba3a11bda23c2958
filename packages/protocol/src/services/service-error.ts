import { anObject, checkedElsewhere, checkOptions, type OptionRules } from '../options';
import { headerNameProblem, headerValueProblem, REQUEST_ID_HEADER } from './header';

const BRAND = Symbol.for('natsmith.ServiceError');
const OPTIONS: OptionRules<ServiceErrorOptions> = {
  data: checkedElsewhere,
  headers: anObject,
  cause: checkedElsewhere,
};

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
  /** The body of the error reply, decoded; undefined for an empty one. */
  readonly data: Data | undefined;
  /** Headers of the error reply, on both sides. */
  readonly headers: ServiceErrorOptions['headers'];

  /**
   * @param code an integer, by custom one of HTTP's: the header `Nats-Service-Error-Code`
   * @param description may be shown to a user; line breaks become blanks: the header `Nats-Service-Error`
   * @throws TypeError when an option is unknown or not what it must be
   */
  constructor(
    readonly code: number,
    readonly description: string,
    options: ServiceErrorOptions<Data> = {},
  ) {
    checkOptions(options, OPTIONS, 'new ServiceError()');
    super(`${code}: ${description}`, 'cause' in options ? { cause: options.cause } : undefined);
    this.data = options.data;
    this.headers = options.headers;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * Passes an error of another service on to the caller: code, description, data and headers as they were received.
   * Thrown as it is, it would reach the caller as 502 `upstream error`. Anything but a `ServiceError` is left as it is.
   */
  static forward<Data>(error: ServiceError<Data>): ServiceError<Data>;
  static forward(error: unknown): Error;
  static forward(error: unknown): Error {
    if (error instanceof ServiceError) {
      const { code, description, data, headers } = error as ServiceError<unknown>;
      return new ServiceError(Number.isSafeInteger(code) ? code : 500, description, {
        data,
        headers: ownHeaders(headers),
      });
    }
    return error instanceof Error
      ? error
      : new Error('ServiceError.forward() was given something that is not an error', { cause: error });
  }

  // Two copies of this package in one process must know each other's errors.
  static override [Symbol.hasInstance](value: unknown): boolean {
    try {
      if (this !== ServiceError) return Function.prototype[Symbol.hasInstance].call(this, value);
      return typeof value === 'object' && value !== null && BRAND in value;
    } catch {
      return false; // a proxy that throws
    }
  }
}

/** The headers of a received error that may go on: not those that NATS or natsmith act on. */
function ownHeaders(headers: ServiceErrorOptions['headers'] = {}): ServiceErrorOptions['headers'] {
  const isOwn = ([name, values]: [string, string | readonly string[]]): boolean =>
    (name === REQUEST_ID_HEADER || !/^nats(mith)?-/i.test(name)) &&
    headerNameProblem(name) === undefined &&
    [values].flat().every((value) => headerValueProblem(name, value) === undefined);
  return Object.fromEntries(Object.entries(headers).filter(isOwn));
}
