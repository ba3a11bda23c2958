import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bun and Deno name themselves here as well. */
export const isNode = process.versions.bun === undefined && !('deno' in process.versions);

/** For what no other runtime can run: skipped there. */
export const itInNode = isNode ? it : it.skip;

/** The collector of the engine, which programs are given for tests alone. */
export function garbageCollector(): () => void {
  const bun = (globalThis as { Bun?: { gc(isForced: boolean): void } }).Bun;
  if (bun) return () => bun.gc(true);
  setFlagsFromString('--expose_gc');
  return runInNewContext('gc') as () => void;
}
