import { readFileSync, writeFileSync } from 'node:fs';

interface LockFile {
  packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
}

const FOLDER = 'node_modules/';

/**
 * Takes optional dependencies out of a package-lock.json that the registry does not have, as those of other platforms
 * are where a mirror lags behind: npm leaves them out of the file as well, and then `npm ci` refuses it. A complete
 * registry leaves nothing to do.
 */
export function dropMissing(path: string): void {
  const lock = JSON.parse(readFileSync(path, 'utf8')) as LockFile;
  const keys = Object.keys(lock.packages).filter((key) => lock.packages[key]!.version !== undefined);
  const present = new Set(keys.map((key) => key.slice(key.lastIndexOf(FOLDER) + FOLDER.length)));
  for (const { optionalDependencies = {} } of Object.values(lock.packages))
    for (const name of Object.keys(optionalDependencies)) if (!present.has(name)) delete optionalDependencies[name];
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
}
