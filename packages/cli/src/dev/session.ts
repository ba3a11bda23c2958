import { relative } from 'node:path';
import type { ServiceClient } from '@natsmith/client';
import { paint, print } from '../output/output';
import { announcement, newServices, runningIds } from './announce';
import type { Project } from './project';
import { ServiceProcess } from './service-process';

/** Runs the entry, again after each change, and one process at a time. */
export class Session {
  private process: ServiceProcess | undefined;
  private changes = 0;
  private turn: Promise<void> = Promise.resolve();
  private announcing = new AbortController();
  private isEnding = false;

  constructor(
    private readonly project: Project,
    private readonly compiler: string,
    private readonly args: readonly string[],
    private readonly client: ServiceClient,
  ) {}

  /** Starts the service, or starts it anew: the old process ends first, and answers what it has begun. */
  restart(changed?: string): Promise<void> {
    const change = ++this.changes;
    this.turn = this.turn.then(async () => {
      // While the old process drained, another change has come: it brings this one along.
      if (change !== this.changes || this.isEnding) return;
      if (changed !== undefined) print(paint.dim(`\n${changed} has changed`));
      await this.end();
      if (change === this.changes && !this.isEnding) this.start();
    });
    return this.turn;
  }

  /** Ends the service. A second call does not wait for its requests, a third kills it. */
  async stop(attempt: number): Promise<void> {
    this.isEnding = true;
    if (attempt > 2) this.process?.kill();
    else await this.end();
    await this.turn;
  }

  private async end(): Promise<void> {
    this.announcing.abort();
    await this.process?.stop();
  }

  private start(): void {
    // Asked before the process can have come up.
    const before = runningIds(this.client);
    const service = new ServiceProcess(this.project, this.compiler, this.args);
    const announcing = new AbortController();
    this.process = service;
    this.announcing = announcing;
    void service.exit.then(({ code, signal }) => {
      announcing.abort();
      if (service.isStopping) return;
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      const entry = relative(process.cwd(), this.project.entry);
      print(paint.red(`${entry} ended ${how}; it starts again when a file changes`));
    });
    void before
      .then((ids) => newServices(this.client, ids, announcing.signal))
      .then(
        async (infos) => {
          if (infos.length > 0) print(`\n${await announcement(infos)}\n`);
        },
        // The server has gone: the service's own log says so.
        () => undefined,
      );
  }
}
