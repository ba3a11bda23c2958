import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { print } from '../output/output';
import { SESSION_VARIABLE, type DevSession } from './compiled';
import { prettyLog } from './pretty-log';
import type { Project } from './project';
import { REPORT_FD } from './report';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How the service is run. */
export interface Run {
  readonly project: Project;
  readonly args: readonly string[];
  /** Flags of Node.js, such as `--inspect`. */
  readonly nodeFlags: readonly string[];
  readonly session: DevSession;
}

/** The process that runs the service's entry. */
export class ServiceProcess {
  /** Resolves when the process has ended, for whatever reason. */
  readonly exit: Promise<Exit>;
  private readonly child: ChildProcess;
  private wasAsked = false;

  /** @param onSource called with each source that it loads */
  constructor({ project, args, nodeFlags, session }: Run, env: NodeJS.ProcessEnv, onSource: (path: string) => void) {
    const hooks = ['--require', join(__dirname, 'register.js')];
    if (project.isModule) hooks.push('--import', pathToFileURL(join(__dirname, 'esm-register.js')).href);
    const isWatched = process.stdout.isTTY;
    this.child = spawn(process.execPath, [...nodeFlags, '--enable-source-maps', ...hooks, project.entry, ...args], {
      cwd: project.folder,
      env: {
        ...(isWatched && !process.env.NO_COLOR && { FORCE_COLOR: '1' }),
        ...env,
        [SESSION_VARIABLE]: JSON.stringify(session),
      },
      // Its own group, so that Ctrl-C reaches it once, as the SIGTERM of `stop`: a second signal would cut requests off.
      detached: process.platform !== 'win32',
      stdio: ['ignore', isWatched ? 'pipe' : 'inherit', 'inherit', 'ipc', 'pipe'],
    });
    this.exit = once(this.child, 'exit').then(([code, signal]: unknown[]) => ({ code, signal }) as Exit);
    eachLine(this.child.stdio[REPORT_FD] as Readable, onSource);
    // The rest is the user's own output, colours included.
    if (this.child.stdout !== null)
      eachLine(this.child.stdout, (line) => {
        const log = prettyLog(line);
        if (log === undefined) process.stdout.write(`${line}\n`);
        else print(log);
      });
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Whether it ended, or is to end, because `stop` was called. */
  get isStopping(): boolean {
    return this.wasAsked;
  }

  /** Asks the service to finish what runs, and resolves when it has ended. A second call does not wait for requests. */
  async stop(): Promise<void> {
    this.wasAsked = true;
    if (this.isRunning) {
      if (this.child.connected) this.child.send('stop');
      this.child.kill('SIGTERM');
    }
    await this.exit;
  }

  /** Ends the process at once. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}

function eachLine(input: Readable, take: (line: string) => void): void {
  createInterface({ input, crlfDelay: Infinity }).on('line', take);
}
