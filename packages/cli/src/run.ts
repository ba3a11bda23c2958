import { CommanderError } from 'commander';
import { Failure, ExitCode } from './exit';
import { withFlagsLast } from './connection/flags-last';
import { complain } from './output/output';
import { program } from './program';

/**
 * Runs the command, and resolves to its exit code.
 * @param given the arguments, without the names of node and of the script
 */
export async function run(given: readonly string[]): Promise<ExitCode> {
  // Else commander takes the entry for the debugger's address.
  const args = withFlagsLast(given).map((arg) => (/^--inspect(-brk)?$/.test(arg) ? `${arg}=` : arg));
  // A reader that has seen enough (`natsmith ls | head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    await program(args).parseAsync(args, { from: 'user' });
    return ExitCode.fine;
  } catch (error) {
    // Commander has written its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.fine : ExitCode.wrongUse;
    const failure = error instanceof Failure ? error : new Failure(ExitCode.refused, textOf(error));
    if (failure.message !== '') complain(`natsmith: ${failure.message}\n`);
    return failure.exitCode;
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return process.env.NATSMITH_DEBUG ? (error.stack ?? error.message) : error.message;
}
