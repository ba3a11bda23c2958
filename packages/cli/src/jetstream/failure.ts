import { printable } from '@natsmith/protocol';
import { ExitCode, Failure } from '../exit';

/** Says what has failed at JetStream: that there is none, or what the server said. */
export async function jetStreamFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error)) throw error;
    const { code, name, message } = error as Error & { code?: unknown };
    if (code === '503' || code === 10_039 || name === 'JetStreamNotEnabled')
      throw new Failure(
        ExitCode.nobody,
        'the server, or this account, has no JetStream; enable it ("nats-server -js")',
        {
          cause: error,
        },
      );
    throw new Failure(ExitCode.refused, printable(message, 2_000).replaceAll(' - ', '\n- '), { cause: error });
  }
}
