import type { ActiveMessages, PendingMessage } from './active';
import type { Execute, HandlerFacts } from './context';
import type { Counter } from './counter';
import type { Limiter } from './limiter';

/** All that the messages of one handler need, whatever their kind; decided when the service starts. */
export interface HandlerRuntime extends HandlerFacts {
  /** Middleware, decode, validate and handler in one. */
  readonly run: Execute;
  readonly counter: Counter;
  /** Those that a message must have a place in, the handler's first, the service's second. */
  readonly limiters: readonly Limiter<PendingMessage>[];
  /**
   * Messages that find no place wait, however many, and their time begins when they do: for kinds that ask for no more
   * than they can take. Else `maxPending` counts, and a message's time begins when it comes.
   */
  readonly waits: boolean;
  /** Messages that wait or whose handler is not finished. */
  readonly active: ActiveMessages;
  /** How each message is logged; undefined where none is. */
  readonly accessLog: 'debug' | 'info' | undefined;
}
