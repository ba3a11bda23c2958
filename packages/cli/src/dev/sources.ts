import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';

/** The files that the running service was made of, and whose change starts it anew. */
export class Sources {
  private readonly watcher: FSWatcher;
  private current = new Set<string>();
  private previous: ReadonlySet<string> = new Set();

  constructor(onChange: (file: string) => void) {
    this.watcher = watch([], { ignoreInitial: true, depth: 0 });
    this.watcher.on('all', (_, path) => {
      if (this.current.has(path) || this.previous.has(path)) onChange(path);
    });
  }

  add(path: string): void {
    if (this.current.has(path)) return;
    this.current.add(path);
    if (this.previous.has(path)) return;
    // One that is missing appears in its folder.
    const watched = existsSync(path) ? path : dirname(path);
    if (existsSync(watched)) this.watcher.add(watched);
  }

  /** A new process names its sources from the beginning; those before count until it has. */
  begin(): void {
    this.previous = new Set([...this.previous, ...this.current]);
    this.current = new Set();
  }

  /** The process has loaded all that it needs: what only the one before has loaded counts no more. */
  settle(): void {
    const left = [...this.previous].filter((path) => !this.current.has(path));
    if (left.length > 0) this.watcher.unwatch(left);
    this.previous = new Set();
  }

  async close(): Promise<void> {
    await this.watcher.close();
  }
}
