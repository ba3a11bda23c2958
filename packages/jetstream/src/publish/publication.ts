import { randomToken, type HeaderBlock } from '@natsmith/protocol';
import type { PublishReceipt } from './acknowledgement';

/** An event on its way, and how long it may be. */
export class Publication {
  /** The last token of its reply subject, which nobody can guess. */
  readonly token = randomToken();
  timer: NodeJS.Timeout | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;
  resolve!: (receipt: PublishReceipt) => void;
  reject!: (error: Error) => void;

  constructor(
    readonly subject: string,
    readonly body: Uint8Array,
    readonly headers: HeaderBlock | undefined,
    /** It has a message id: the stream takes it once, however often it is sent. */
    readonly isRepeatable: boolean,
    /** Now, and when it is given up, as `performance.now()`. */
    readonly startedAt: number,
    readonly expiresAt: number,
    /** What it fails with then. */
    readonly onTimeout: () => Error,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** Bytes. */
  get size(): number {
    return this.body.length + (this.headers === undefined ? 0 : this.headers.encode().length);
  }

  /** @throws Error when the server would not take a message of this size */
  checkSize(maxPayload: number): void {
    const { size, subject } = this;
    if (size <= maxPayload) return;
    throw new Error(
      `an event of ${size} bytes for ${subject} is over the server's max_payload (${maxPayload} bytes); ` +
        'publish less, such as a reference to where the rest is stored',
    );
  }
}
