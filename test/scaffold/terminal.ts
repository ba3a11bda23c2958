import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a terminal showed, and how the program in it ended. */
export interface Session {
  readonly code: number;
  readonly output: string;
  /** Texts that were waited for and never came. */
  readonly missed: readonly string[];
}

/** Keys as a terminal sends them. */
export const KEY = { enter: '\r', down: '\x1b[B', ctrlC: '\x03' } as const;

/** A block that needs a terminal, which Python has: skipped where there is none, except under CI. */
export function describeWithTerminal(title: string, body: () => void): void {
  if (spawnSync('python3', ['-c', 'import pty']).status === 0) return describe(title, body);
  const reason = 'no python3 found, which makes the terminal';
  if (process.env.CI === 'true')
    test(title, () => {
      throw new Error(reason);
    });
  else describe.skip(`${title} (${reason})`, body);
}

/** Runs a program in a terminal: waits for each text to be shown, and then types. */
export async function inTerminal(
  argv: readonly string[],
  steps: readonly (readonly [text: string, keys: string])[],
  where: { cwd: string; env: Record<string, string | undefined> },
): Promise<Session> {
  const task = JSON.stringify({ argv, steps, cwd: where.cwd, env: { ...where.env, TERM: 'xterm' } });
  const { stdout } = await promisify(execFile)('python3', [join(__dirname, 'terminal.py'), task]);
  return JSON.parse(stdout) as Session;
}
