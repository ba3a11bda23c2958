import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '#test/child';

/** The built command. */
export const BIN = join(__dirname, '../bin/natsmith.js');

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
export class Command extends Child {
  readonly outcome: Promise<Outcome>;

  constructor(process: ChildProcess, stdin: string | undefined) {
    super(process);
    if (stdin !== 'open') process.stdin?.end(stdin);
    this.outcome = this.exit.then(({ code }) => ({ code, stdout: this.stdout, stderr: this.stderr }));
  }
}

/** Starts the command; what still runs is killed after each test. */
export function useCommand(): (args: readonly string[], surroundings?: Surroundings) => Command {
  const running: Command[] = [];
  afterEach(async () => {
    for (const command of running) command.kill('SIGKILL');
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
    start(args, { ...surroundings, env: { NATS_URL: server.url, ...surroundings.env } }).outcome;
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
    return new Command(child, '').outcome;
  };
}
