import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { startChild } from './child';

/** What a service process says of itself. */
export interface Usage {
  /** Microseconds of CPU, user and system. */
  readonly cpu: number;
  /** Bytes of resident memory. */
  readonly memory: number;
  /** Bytes of the heap that are in use; after a collection where the process runs with `--expose-gc`. */
  readonly heap: number;
  /** Sockets and pipes. */
  readonly handles: number;
  readonly timers: number;
}

/** Milliseconds that a process has to end in order. */
const PATIENCE = 20_000;

/** A service of `services/` in a process of its own. */
export class ServiceProcess {
  private constructor(
    readonly child: ChildProcess,
    /** Milliseconds that the service took to connect and to be there; NaN where it does not say. */
    readonly bootstrap: number,
  ) {}

  static async start(
    service: string,
    variant: string,
    port: number,
    subject: string,
    execArgv?: string[],
  ): Promise<ServiceProcess> {
    const { child, greeting } = await startChild(`services/${service}`, variant, port, subject, execArgv);
    return new ServiceProcess(child, (greeting as { bootstrap?: number }).bootstrap ?? NaN);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async usage(): Promise<Usage> {
    this.child.send('usage');
    const [usage] = (await once(this.child, 'message')) as [Usage];
    return usage;
  }

  /** Resolves with the exit code when the process has ended; null for one that a signal ended. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.isRunning) {
      const ended = once(this.child, 'exit');
      const forced = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
      this.child.kill(signal);
      await ended;
      clearTimeout(forced);
    }
    return this.child.exitCode;
  }
}
