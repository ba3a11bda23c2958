import { wrongUse } from '../exit';

/** What else restarts a program that changes, where this process is not Node.js; each compiles TypeScript by itself. */
const WATCHERS = { bun: 'bun --watch', deno: 'deno run --allow-all --watch' } as const;

/**
 * `dev` compiles, and learns which files were loaded, by hooks that only Node.js has.
 * @throws Failure 2 under Bun and Deno
 */
export function needsNode(entry: string, versions: NodeJS.Dict<string> = process.versions): void {
  const runtime = (['bun', 'deno'] as const).find((name) => versions[name] !== undefined);
  if (runtime === undefined) return;
  throw wrongUse(
    `natsmith dev needs Node.js, and this process is ${runtime}; ` +
      `"${WATCHERS[runtime]} ${entry}" runs the service, and restarts it when a file changes`,
  );
}
