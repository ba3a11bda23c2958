import { ConnectionEvents } from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { UserObjects } from './objects';
import type { ServiceInstance } from '../service/instance';
import type { RunningService } from '../service/service';
import { onSignals } from './signals';
import { closeInTime, lossOf } from '../nats/close';
import type { Connection } from '../nats/connection';
import { logStatus } from '../nats/status-log';

/** Whether the services of a host can be reached. */
export type HostStatus = 'running' | 'disconnected' | 'stopping' | 'stopped';

/** What a host is made of. */
export interface HostParts<C extends Connection> {
  readonly connection: C;
  /** The factory opened the connection, and the host closes it. */
  readonly ownsConnection: boolean;
  readonly services: readonly ServiceInstance[];
  readonly objects: UserObjects;
  readonly logger: Logger;
}

/** The running services of one `create()` call, on one connection. */
export class NatsServiceHost<C extends Connection = Connection> implements AsyncDisposable {
  /** Resolves when everything has stopped, with the error if there was one. */
  readonly stopped: Promise<Error | null>;
  private resolveStopped!: (error: Error | null) => void;
  private stopping: Promise<Error | null> | undefined;
  private isStopped = false;
  private ignoreSignals: () => void = () => undefined;
  private readonly stopLog: () => void;

  /** @internal The factory makes hosts. */
  constructor(
    private readonly parts: HostParts<C>,
    private readonly ownsProcess: boolean,
  ) {
    this.stopped = new Promise((resolve) => (this.resolveStopped = resolve));
    this.stopLog = logStatus(parts.connection, parts.logger);
    if (ownsProcess) this.ignoreSignals = onSignals((signal) => this.stopAt(signal));
    void lossOf(parts.connection).then((loss) => this.stopAtClose(loss));
  }

  get connection(): C {
    return this.parts.connection;
  }

  /** `disconnected` while the connection is away and natsmith tries to get it back. */
  get status(): HostStatus {
    if (this.isStopped) return 'stopped';
    if (this.stopping !== undefined) return 'stopping';
    return ConnectionEvents.of(this.connection).status === 'connected' ? 'running' : 'disconnected';
  }

  /** That of `create()`, for what belongs to the host. No call of it throws. */
  get logger(): Logger {
    return this.parts.logger;
  }

  get services(): readonly RunningService[] {
    return this.parts.services;
  }

  /**
   * The instance of a service or group class.
   * @throws Error when the host does not run the class
   */
  get<T extends object>(target: abstract new (...args: never) => T): T {
    const instance = this.parts.objects.get(target);
    if (instance === undefined)
      throw new Error(`${target.name} does not run here; pass it to create(), or mount it in a service`);
    return instance as T;
  }

  /**
   * Stops all services as `RunningService.stop` does, then closes the connection if the factory opened it.
   * @param error why it stops, for a stop that is not an ordinary one; `stopped` resolves to it
   */
  stop(error?: Error): Promise<Error | null> {
    this.stopping ??= this.runStop(error ?? null);
    return this.stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async runStop(error: Error | null): Promise<Error | null> {
    const { connection, ownsConnection, services, logger } = this.parts;
    await Promise.all(services.map((service) => service.stop(error ?? undefined)));
    if (ownsConnection) await closeInTime(connection, logger);
    this.ignoreSignals();
    this.stopLog();
    this.isStopped = true;
    this.resolveStopped(error);
    return error;
  }

  private stopAtClose(error: Error | undefined): void {
    if (this.stopping !== undefined || error === undefined) return void this.stop();
    this.parts.logger.error({ err: error }, 'the connection to NATS is lost for good; stopping');
    // What started the process should start it again.
    if (this.ownsProcess) process.exitCode ||= 1;
    void this.stop(error);
  }

  private stopAt(signal: NodeJS.Signals): void {
    if (this.stopping === undefined) this.parts.logger.info({ signal }, 'stopping');
    else {
      // A second signal: somebody does not want to wait. A third one ends the process, as it does without a host.
      for (const service of this.parts.services) service.force();
      this.ignoreSignals();
    }
    void this.stop();
  }
}
