import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';

/** Milliseconds in which the watcher has read a folder. */
const UNTIL_WATCHED = 1000;

/** The files that the running service was made of, and whose change starts it anew. */
export class Sources {
  private readonly watcher: FSWatcher;
  private current = new Set<string>();
  private previous: ReadonlySet<string> = new Set();
  /** Those that were not there when they were named. */
  private readonly missing = new Map<string, NodeJS.Timeout>();

  constructor(private readonly onChange: (file: string) => void) {
    this.watcher = watch([], { ignoreInitial: true, depth: 0 });
    this.watcher.on('all', (_, path) => {
      this.forgetMissing(path);
      if (this.current.has(path) || this.previous.has(path)) onChange(path);
    });
  }

  add(path: string): void {
    if (this.current.has(path)) return;
    this.current.add(path);
    if (this.previous.has(path)) return;
    if (existsSync(path)) return void this.watcher.add(path);
    // One that is missing appears in its folder.
    if (!existsSync(dirname(path))) return;
    this.watcher.add(dirname(path));
    // The watcher does not report what appears before it has read the folder.
    const lookAgain = (): void => {
      if (!this.forgetMissing(path) || !existsSync(path)) return;
      this.onChange(path);
    };
    this.missing.set(path, setTimeout(lookAgain, UNTIL_WATCHED));
  }

  private forgetMissing(path: string): boolean {
    clearTimeout(this.missing.get(path));
    return this.missing.delete(path);
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
    for (const path of [...this.missing.keys()]) this.forgetMissing(path);
    await this.watcher.close();
  }
}
