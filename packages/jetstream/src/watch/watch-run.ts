import { unansweredFailure, Run, type HandlerRuntime } from '@natsmith/core';
import type { Change } from '../bucket/change';
import type { WatchContext } from './watch-context';

/** One change on its way to a handler; its outcome is sent to nobody. */
export class WatchRun extends Run implements WatchContext {
  constructor(
    runtime: HandlerRuntime,
    private readonly change: Change,
  ) {
    super(runtime, change.message);
  }

  get kind(): 'watch' {
    return 'watch';
  }

  get key(): string {
    return this.change.key;
  }

  get revision(): number {
    return this.change.revision;
  }

  get operation(): Change['operation'] {
    return this.change.operation;
  }

  get time(): Date {
    return new Date(this.change.time);
  }

  get initial(): boolean {
    return this.change.initial;
  }

  /** Resolves when the next change may be handled: the handler has ended, or its time is up. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.onEnd(resolve);
      this.admit();
    });
  }

  protected override done(): void {
    this.end();
  }

  protected override failed(thrown: unknown): void {
    const { code, description, data, isLogged } = unansweredFailure(thrown, this);
    if (!isLogged)
      this.inScope(() => this.log.warn({ key: this.key, code, data }, `value not handled: ${description}`));
    this.end(`${code}:${description}`);
  }
}
