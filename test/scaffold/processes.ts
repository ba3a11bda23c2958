import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** Where a command line is run, and in which environment. */
export interface Where {
  cwd: string;
  env: Record<string, string | undefined>;
}

const WAIT = 60_000;
const running = new Set<Running>();

/** The shell of somebody who has just logged in: nothing of the npm script, or of the test run, that these tests are. */
export function userEnvironment(more: Record<string, string | undefined> = {}): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(JEST_|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$|NATS_|LOG_LEVEL$)/.test(name) &&
      (!name.startsWith('npm_') || /^npm_config_(registry|cache|userconfig|cafile|(https?_|no)?proxy)$/.test(name)),
  );
  return { ...Object.fromEntries(kept), npm_config_prefer_offline: 'true', npm_config_audit: 'false', ...more };
}

/** A command line that runs, in a process group of its own. */
export class Running {
  /** What it has written to its standard output. */
  output = '';
  /** What it has written to either output. */
  transcript = '';
  /** Resolves to its exit code; null when a signal has ended it. */
  readonly ended: Promise<number | null>;
  private readonly group: number;
  private isOver = false;

  constructor(
    private readonly line: string,
    { cwd, env }: Where,
  ) {
    const child = spawn('/bin/sh', ['-c', line], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.transcript += text));
    this.group = child.pid!;
    running.add(this);
    this.ended = once(child, 'close').then(([code]) => {
      this.isOver = true;
      running.delete(this);
      return code as number | null;
    });
  }

  /** Resolves when its output matches. @throws Error with the output when it ends, or takes more than a minute */
  async writes(pattern: RegExp): Promise<void> {
    const deadline = Date.now() + WAIT;
    while (!pattern.test(this.transcript)) {
      if (this.isOver || Date.now() > deadline) {
        const how = this.isOver ? 'ended' : 'went on';
        throw new Error(`"${this.line}" ${how} without writing ${pattern}:\n${this.transcript}`);
      }
      await delay(20);
    }
  }

  /** Sends the signal to it and to all that it has started, as Ctrl-C does, and resolves to its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.isOver) process.kill(-this.group, signal);
    return this.ended;
  }
}

/** Runs a command line to its end. @returns its standard output @throws Error with all of its output when it fails */
export async function run(line: string, where: Where): Promise<string> {
  const command = new Running(line, where);
  const code = await command.ended;
  if (code !== 0) throw new Error(`"${line}" ended with exit code ${code}:\n${command.transcript}`);
  return command.output;
}

/** Ends what a test left running. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...running].map(async (each) => {
      const timer = setTimeout(() => void each.end('SIGKILL'), 5_000);
      await each.end('SIGTERM');
      clearTimeout(timer);
    }),
  );
}
