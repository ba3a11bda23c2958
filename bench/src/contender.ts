import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { once } from 'node:events';
import { Load, type Exchange, type Slice } from './load';

/** What a service process says of itself. */
export interface Usage {
  /** Microseconds of CPU, user and system. */
  readonly cpu: number;
  /** Bytes of resident memory. */
  readonly memory: number;
}

/** A service in a process of its own, and the load that it gets. */
export class Contender {
  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    private readonly load: Load,
    /** Milliseconds from the start of the process to the first reply. */
    readonly startUp: number,
  ) {}

  /** Starts `services/<service>.js` and sends it one request. */
  static async start(
    name: string,
    service: string,
    variant: string,
    port: number,
    exchange: Exchange,
  ): Promise<Contender> {
    const started = performance.now();
    const child = fork(join(__dirname, 'services', `${service}.js`), [variant], {
      env: {
        ...process.env,
        NATS_URL: `nats://127.0.0.1:${port}`,
        BENCH_SUBJECT: exchange.subject,
        NODE_ENV: 'production',
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const exit = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${String(code)}`)));
    exit.catch(() => undefined);
    await Promise.race([once(child, 'message'), exit]);
    const load = await Load.open(port, exchange);
    try {
      await load.run(1, 0);
    } catch (error) {
      load.close();
      child.kill('SIGKILL');
      throw error;
    }
    return new Contender(name, child, load, performance.now() - started);
  }

  async usage(): Promise<Usage> {
    this.child.send('usage');
    const [usage] = (await once(this.child, 'message')) as [Usage];
    return usage;
  }

  /** A slice of load; gives the slice and the CPU microseconds per request that it cost the service. */
  async slice(inFlight: number, milliseconds: number): Promise<Slice & { cpuPerRequest: number }> {
    const before = await this.usage();
    const slice = await this.load.run(inFlight, milliseconds);
    const after = await this.usage();
    return { ...slice, cpuPerRequest: (after.cpu - before.cpu) / slice.requests };
  }

  async stop(): Promise<void> {
    this.load.close();
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
