import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { COMPILER_VARIABLE } from './compiler-variable';
import type { Project } from './project';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The process that runs the service's entry. */
export class ServiceProcess {
  /** Resolves when the process has ended, for whatever reason. */
  readonly exit: Promise<Exit>;
  private readonly child: ChildProcess;
  private wasAsked = false;

  constructor(project: Project, compiler: string, args: readonly string[]) {
    const hooks = ['--require', join(__dirname, 'register.js')];
    if (project.isModule) hooks.push('--import', esmRegister());
    this.child = spawn(process.execPath, ['--enable-source-maps', ...hooks, project.entry, ...args], {
      cwd: project.folder,
      env: {
        ...process.env,
        [COMPILER_VARIABLE]: compiler,
        ...(project.tsconfig && { SWC_NODE_PROJECT: project.tsconfig }),
      },
      // Its own group, so that Ctrl-C reaches it once, as the SIGTERM of `stop`: a second signal would cut requests off.
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.exit = once(this.child, 'exit').then(([code, signal]: unknown[]) => ({ code, signal }) as Exit);
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
    if (this.isRunning) this.child.kill('SIGTERM');
    await this.exit;
  }

  /** Ends the process at once. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}

function esmRegister(): string {
  // Resolved from here: the service's project need not have it.
  return pathToFileURL(join(require.resolve('@swc-node/register/register'), '../../esm/esm-register.mjs')).href;
}
