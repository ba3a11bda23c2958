import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, parse, resolve } from 'node:path';
import { wrongUse } from '../exit';

/** The service's project, as its entry shows it. */
export interface Project {
  readonly entry: string;
  /** Where its package.json is, else the entry's own folder. */
  readonly folder: string;
  /** Whether the entry is an ES module. */
  readonly isModule: boolean;
}

export function findProject(entry: string): Project {
  const path = resolve(entry);
  if (!existsSync(path) || !statSync(path).isFile())
    throw wrongUse(`there is no file ${path}; name the TypeScript file that starts the service, such as src/main.ts`);
  const manifest = nearest('package.json', dirname(path));
  return {
    entry: path,
    folder: manifest === undefined ? dirname(path) : dirname(manifest),
    isModule: isEsModule(path),
  };
}

/** Whether Node.js takes a file for an ES module, by its name or else by the nearest package.json. */
export function isEsModule(path: string): boolean {
  if (/\.m[jt]s$/.test(path)) return true;
  return !/\.c[jt]s$/.test(path) && typeIn(nearest('package.json', dirname(path))) === 'module';
}

/** The nearest file of a name, in a folder or one above it. */
export function nearest(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
    if (folder === parse(folder).root) return undefined;
  }
}

function typeIn(manifest: string | undefined): unknown {
  if (manifest === undefined) return undefined;
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: unknown }).type;
  } catch (cause) {
    throw wrongUse(`${manifest} is not JSON: ${(cause as Error).message}`, cause);
  }
}
