/** What the exit codes of the command mean. */
export const ExitCode = {
  /** It did what was asked. */
  fine: 0,
  /** The service answered with an error, `check` found one, or `streams diff` a difference; JetStream refused something. */
  refused: 1,
  /** The command line, a file or a payload is wrong; nothing was sent. */
  wrongUse: 2,
  /** Nobody answers, or not in time. */
  nobody: 3,
  /** There is no connection to NATS. */
  noConnection: 4,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Ends the command with an exit code; the message goes to stderr, unless it is empty. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly exitCode: ExitCode,
    message = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Ends the command because it was called in a wrong way. */
export function wrongUse(message: string, cause?: unknown): Failure {
  return new Failure(ExitCode.wrongUse, message, cause === undefined ? undefined : { cause });
}
