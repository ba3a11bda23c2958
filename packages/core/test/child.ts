import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const FOLDER = join(__dirname, 'processes');

/** A process that runs one of the files in `processes/`; it is killed with the test, if it is still there. */
export class Child {
  /** All that it wrote so far. */
  output = '';
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  private constructor(private readonly process: ChildProcess) {
    for (const stream of [process.stdout, process.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.exit = once(process, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  static start(file: string, environment: Record<string, string>): Child {
    return Child.node(['-r', join(FOLDER, 'register.js'), join(FOLDER, file)], environment);
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

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Resolves when it has written the text. */
  async wrote(text: string, timeout = 10_000): Promise<void> {
    const deadline = Date.now() + timeout;
    while (!this.output.includes(text)) {
      if (Date.now() > deadline || this.process.exitCode !== null)
        throw new Error(`the process did not write "${text}" but:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Starts child processes that are gone after each test. */
export function useChildren(): (file: string, environment: Record<string, string>) => Child {
  const children: Child[] = [];
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.splice(0).map((child) => child.exit));
  });
  return (file, environment) => {
    const child = Child.start(file, environment);
    children.push(child);
    return child;
  };
}
