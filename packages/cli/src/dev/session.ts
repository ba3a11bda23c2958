import { relative } from 'node:path';
import type { ServiceClient } from '@natsmith/client';
import { paint, print } from '../output/output';
import { announcement, newServices, runningIds } from './announce';
import { compiled, IS_TYPESCRIPT } from './compiled';
import type { EnvironmentFile } from './environment-file';
import { ServiceProcess, type Run } from './service-process';
import { Sources } from './sources';

// Editors write a file in several steps.
const SETTLE = 50;

/** Runs the entry, again after each change, and one process at a time. */
export class Session {
  private process: ServiceProcess | undefined;
  private changes = 0;
  private turn: Promise<void> = Promise.resolve();
  private announcing = new AbortController();
  private isEnding = false;

  private readonly sources: Sources;
  private settling: NodeJS.Timeout | undefined;

  constructor(
    private readonly run: Run,
    private readonly variables: EnvironmentFile,
    private readonly client: ServiceClient,
  ) {
    this.sources = new Sources((file) => {
      clearTimeout(this.settling);
      this.settling = setTimeout(() => void this.restart(file), SETTLE);
    });
  }

  /** Starts the service, or starts it anew: the old process ends first, and answers what it has begun. */
  restart(changed?: string): Promise<void> {
    const change = ++this.changes;
    this.turn = this.turn.then(async () => {
      // While the old process drained, another change has come: it brings this one along.
      if (change !== this.changes || this.isEnding) return;
      if (changed !== undefined) {
        print(paint.dim(`\n${relative(this.run.project.folder, changed)} has changed`));
        // While the old process ends, so that the new one need not load the compiler.
        setImmediate(() => this.compile(changed));
      }
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
    clearTimeout(this.settling);
    await this.sources.close();
  }

  private async end(): Promise<void> {
    this.announcing.abort();
    await this.process?.stop();
  }

  private start(): void {
    // Asked before the process can have come up.
    const before = runningIds(this.client);
    this.sources.begin();
    this.sources.add(this.variables.path);
    const env = { ...this.variables.read(), ...process.env };
    const service = new ServiceProcess(this.run, env, (path) => {
      if (service === this.process) this.sources.add(path);
    });
    const announcing = new AbortController();
    this.process = service;
    this.announcing = announcing;
    void service.exit.then(({ code, signal }) => {
      announcing.abort();
      if (service.isStopping) return;
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      const entry = relative(process.cwd(), this.run.project.entry);
      print(paint.red(`${entry} ended ${how}; it starts again when a file changes`));
    });
    void before
      .then((ids) => newServices(this.client, ids, announcing.signal))
      .then(
        async (infos) => {
          if (infos.length === 0) return;
          this.sources.settle();
          print(`\n${await announcement(infos)}\n`);
          // From now on there is time to load the compiler.
          this.compile(this.run.project.entry);
        },
        // The server has gone: the service's own log says so.
        () => undefined,
      );
  }

  private compile(path: string): void {
    if (!IS_TYPESCRIPT.test(path)) return;
    try {
      compiled(this.run.session.cache, path);
    } catch {
      // The new process reports it.
    }
  }
}
