import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const runtime = process.versions.bun !== undefined ? 'bun' : 'deno' in process.versions ? 'deno' : 'node';

/** What tests need and a runtime has not, with its reason: they are skipped there. README.md lists the same. */
const MISSING = {
  'loaders of Node.js': { bun: 'compiles TypeScript by itself', deno: 'compiles TypeScript by itself' },
  'process.getActiveResourcesInfo()': { bun: 'always gives an empty list' },
} satisfies Record<string, Partial<Record<'bun' | 'deno', string>>>;

/** `it`, for a test that needs what not every runtime has. */
export function itWith(need: keyof typeof MISSING): jest.It {
  return runtime in MISSING[need] ? it.skip : it;
}

/** The collector of the engine, which programs are given for tests alone. */
export function garbageCollector(): () => void {
  const bun = (globalThis as { Bun?: { gc(isForced: boolean): void } }).Bun;
  if (bun) return () => bun.gc(true);
  setFlagsFromString('--expose_gc');
  return runInNewContext('gc') as () => void;
}
