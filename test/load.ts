import { type Message } from './connection';

interface Caller {
  request(subject: string, payload: string, options: { timeout: number }): Promise<Pick<Message, 'headers'>>;
  isClosed(): boolean;
}

const CALLERS = 32;

/** Requests without a pause, until `end` is called; that gives what went wrong. */
export function underLoad(nc: Caller, subject: string, onReply: () => void): { end(): Promise<unknown[]> } {
  const failures: unknown[] = [];
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    // A closed connection refuses at once: the loop would never let go of the thread.
    while (!isOver && !nc.isClosed())
      try {
        const { headers } = await nc.request(subject, '', { timeout: 10_000 });
        if (headers === undefined) onReply();
        else failures.push(headers);
      } catch (error) {
        failures.push(error);
      }
  });
  return {
    async end() {
      isOver = true;
      await Promise.all(callers);
      return failures;
    },
  };
}
