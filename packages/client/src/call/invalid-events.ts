import {
  headersOf,
  printable,
  ServiceError,
  warn,
  type Event,
  type Message,
  type ReceivedHeaders,
} from '@natsmith/protocol';

/** An event whose body could not be decoded, or was not valid. */
export interface InvalidEvent {
  readonly event: Event;
  readonly subject: string;
  readonly headers: ReceivedHeaders;
  readonly body: Uint8Array;
}

const MAX_REASON = 400;

/** What a loop over events leaves out: `onInvalid` is called with each, or the process is warned once. */
export class InvalidEvents {
  private readonly warned = new Set<string>();

  constructor(private readonly onInvalid?: (error: Error, invalid: InvalidEvent) => void) {}

  /** Whatever a codec or a validator has thrown, and whatever `onInvalid` does: the loop goes on. */
  add(thrown: unknown, event: Event, message: Message): void {
    const { onInvalid } = this;
    const { subject, data } = message;
    if (onInvalid === undefined)
      return this.warnOnce(
        'invalid',
        () => `an event on ${subject} is left out: ${reasonIn(thrown)}; the option "onInvalid" gets each`,
      );
    const invalid: InvalidEvent = { event, subject, headers: headersOf(message), body: data };
    // Also of a promise, or of what await takes for one.
    new Promise((resolve) => resolve(onInvalid(errorOf(thrown), invalid))).catch((fault: unknown) =>
      this.warnOnce('onInvalid', () => `the "onInvalid" of a client.subscribe() threw: ${stringOf(fault)}`),
    );
  }

  private warnOnce(kind: string, message: () => string): void {
    if (this.warned.has(kind)) return;
    this.warned.add(kind);
    warn(printable(message(), MAX_REASON));
  }
}

function errorOf(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(stringOf(thrown));
}

function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false; // a proxy that throws
  }
}

function reasonIn(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return stringOf(thrown);
    const data = thrown instanceof ServiceError && thrown.data !== undefined ? ` ${JSON.stringify(thrown.data)}` : '';
    return `${thrown.message}${data}`;
  } catch {
    return stringOf(thrown);
  }
}

function stringOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that cannot be read';
  }
}
