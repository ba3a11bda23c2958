import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '@natsmith/broker';

// A process on a busy machine takes its time.
jest.setTimeout(30_000);

/** The built command. */
export const BIN = join(__dirname, '../dist/bin.js');

/** How the command is started. */
interface Surroundings {
  env?: Record<string, string>;
  /** What stdin gives; 'open' leaves it open, for the test to write to. */
  stdin?: string;
  cwd?: string;
}

/** What the command did. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The built command as a process, as a user starts it; it knows no NATS settings but those that it is given. */
export class Command {
  stdout = '';
  stderr = '';
  readonly exit: Promise<Outcome>;

  constructor(
    readonly process: ChildProcess,
    stdin: string | undefined,
  ) {
    process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    if (stdin !== 'open') process.stdin?.end(stdin);
    this.exit = once(process, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** Resolves when it has written the text so often. */
  async wrote(text: string | RegExp, times = 1, timeout = 20_000): Promise<void> {
    const deadline = Date.now() + timeout;
    const pattern = typeof text === 'string' ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g') : text;
    while ((this.stdout + this.stderr).match(pattern)?.length !== times) {
      if (Date.now() > deadline || this.process.exitCode !== null)
        throw new Error(`the command did not write ${String(text)} ${times} times, but:\n${this.stdout}${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Starts the command; what still runs is killed after each test. */
export function useCommand(): (args: readonly string[], surroundings?: Surroundings) => Command {
  const running: Command[] = [];
  afterEach(async () => {
    for (const command of running) if (command.process.exitCode === null) command.process.kill('SIGKILL');
    await Promise.all(running.splice(0).map((command) => command.exit));
  });
  return (args, { env = {}, stdin, cwd } = {}) => {
    const clean = Object.entries(process.env).filter(([name]) => !/^(NATS_|NO_COLOR|FORCE_COLOR|CI$|XDG_)/.test(name));
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd,
      env: { ...Object.fromEntries(clean), XDG_CONFIG_HOME: '/nonexistent', ...env },
      stdio: 'pipe',
    });
    const command = new Command(child, stdin);
    running.push(command);
    return command;
  };
}

/** Runs the command to its end, on the server of a suite. */
export function useNatsmith(server: { readonly url: string }) {
  const start = useCommand();
  return (args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> =>
    start(args, { ...surroundings, env: { NATS_URL: server.url, ...surroundings.env } }).exit;
}

/** A broker for the suite. */
export function useBroker(): { readonly url: string } {
  let broker: Broker | undefined;
  beforeAll(async () => {
    broker = await Broker.start();
  });
  afterAll(() => broker?.stop());
  return {
    get url() {
      if (broker === undefined) throw new Error('the broker runs from beforeAll on');
      return broker.url;
    },
  };
}

/** Runs a script in a shell which finds the built command as `natsmith`. */
export function useShell(server: { readonly url: string }) {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'natsmith-cli-'));
    writeFileSync(join(folder, 'natsmith'), `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`, { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  return (shell: 'sh' | 'bash', script: string, ...args: readonly string[]): Promise<Outcome> => {
    const child = spawn(shell, ['-c', script, shell, ...args], {
      env: { ...process.env, NATS_URL: server.url, PATH: `${folder}:${process.env.PATH}` },
    });
    return new Command(child, '').exit;
  };
}
