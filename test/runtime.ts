import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const isDeno = 'deno' in process.versions;
const isNode = process.versions.bun === undefined && !isDeno;

/** For what no other runtime can run: skipped there. */
export const itInNode = isNode ? it : it.skip;

export const itExceptInDeno = isDeno ? it.skip : it;

/** The collector of the engine, which programs are given for tests alone. */
export function garbageCollector(): () => void {
  const bun = (globalThis as { Bun?: { gc(isForced: boolean): void } }).Bun;
  if (bun) return () => bun.gc(true);
  setFlagsFromString('--expose_gc');
  return runInNewContext('gc') as () => void;
}
