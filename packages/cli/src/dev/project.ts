import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, parse, relative, resolve, sep } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import { wrongUse } from '../exit';

/** The service's project, as its entry shows it. */
export interface Project {
  readonly entry: string;
  /** Where its package.json is, else the entry's own folder. */
  readonly folder: string;
  readonly tsconfig: string | undefined;
  /** Whether the entry is an ES module. */
  readonly isModule: boolean;
}

/** Folders that hold no sources. */
const IGNORED = new Set(['node_modules', 'dist', 'build', 'coverage', 'out']);
const WATCHED = /\.(ts|cts|mts|tsx|js|cjs|mjs|json|env)$|[\\/]\.env[^\\/]*$/;

export function findProject(entry: string): Project {
  const path = resolve(entry);
  if (!existsSync(path) || !statSync(path).isFile())
    throw wrongUse(`there is no file ${path}; name the TypeScript file that starts the service, such as src/main.ts`);
  const manifest = nearest('package.json', dirname(path));
  const isModule = !/\.c[jt]s$/.test(path) && (/\.m[jt]s$/.test(path) || typeIn(manifest) === 'module');
  return {
    entry: path,
    folder: manifest === undefined ? dirname(path) : dirname(manifest),
    tsconfig: nearest('tsconfig.json', dirname(path)),
    isModule,
  };
}

/** Watches the project's sources; resolves when it does. */
export async function watchSources({ folder }: Project, onChange: (file: string) => void): Promise<FSWatcher> {
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path, stats) => isIgnored(relative(folder, path), stats?.isFile() === true),
  });
  watcher.on('all', (_, path) => onChange(relative(folder, path)));
  await new Promise<void>((ready) => watcher.once('ready', ready));
  return watcher;
}

function isIgnored(path: string, isFile: boolean): boolean {
  const folders = path.split(sep);
  if (folders.some((name, i) => IGNORED.has(name) || (name.startsWith('.') && i < folders.length - 1))) return true;
  return isFile && !WATCHED.test(`${sep}${path}`);
}

function nearest(name: string, from: string): string | undefined {
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
    throw wrongUse(`${manifest} is no JSON: ${(cause as Error).message}`, cause);
  }
}
