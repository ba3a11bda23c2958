import { Load, type Exchange, type Slice } from './load';
import { ServiceProcess, type Usage } from './service-process';

/** A service in a process of its own, and the load that it gets. */
export class Contender {
  private constructor(
    readonly name: string,
    private readonly service: ServiceProcess,
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
    const running = await ServiceProcess.start(service, variant, port, exchange.subject);
    const load = await Load.open(port, exchange);
    try {
      await load.run(1, 0);
    } catch (error) {
      load.close();
      await running.end('SIGKILL');
      throw error;
    }
    return new Contender(name, running, load, performance.now() - started);
  }

  usage(): Promise<Usage> {
    return this.service.usage();
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
    await this.service.end('SIGKILL');
  }
}
