import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A program in a process of its own. */
export class Child {
  stdout = '';
  stderr = '';
  /** All that it wrote so far. */
  output = '';
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(readonly process: ChildProcess) {
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.output += text;
    });
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.output += text;
    });
    this.exit = once(process, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  /** Runs a TypeScript file, compiled as jest compiles it. */
  static start(file: string, environment: Record<string, string>): Child {
    return Child.node([join(__dirname, 'run-source.cjs'), file], environment);
  }

  /** Runs node as it is. */
  static node(args: readonly string[], environment: Record<string, string>): Child {
    return new Child(
      spawn(process.execPath, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    // By its id: Deno considers a child ended after any signal that its own kill() sent.
    if (this.isRunning && this.pid !== undefined) process.kill(this.pid, signal);
  }

  /** Resolves when it has written that, or has written it exactly so many times. */
  async wrote(
    what: string | RegExp,
    { times, timeout = 20_000 }: { times?: number; timeout?: number } = {},
  ): Promise<void> {
    const pattern = typeof what === 'string' ? new RegExp(what.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g') : what;
    const hasWritten = (): boolean => {
      const found = this.output.match(pattern)?.length ?? 0;
      return times === undefined ? found > 0 : found === times;
    };
    const deadline = Date.now() + timeout;
    while (!hasWritten()) {
      // What it wrote at its end may come after the end.
      if (!this.isRunning) await this.exit;
      if (hasWritten()) return;
      if (Date.now() > deadline || !this.isRunning)
        throw new Error(`the process did not write "${String(what)}" but:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Runs TypeScript files of a folder; what still runs is killed after each test. */
export function useChildren(folder: string): (file: string, environment: Record<string, string>) => Child {
  const children: Child[] = [];
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.splice(0).map((child) => child.exit));
  });
  return (file, environment) => {
    const child = Child.start(join(folder, file), environment);
    children.push(child);
    return child;
  };
}
