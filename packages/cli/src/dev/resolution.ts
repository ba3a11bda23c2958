import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { IS_TYPESCRIPT } from './compiled';

const SOURCES = ['.ts', '.tsx', '.cts', '.mts', '.js', '.cjs', '.mjs', '.json', '/index.ts', '/index.js'];

/** TypeScript names a source by what it becomes: `./order.js` is the file `order.ts`. */
export function sourceOf(request: string, from: string): string | undefined {
  if (!request.startsWith('.') || !IS_TYPESCRIPT.test(from)) return undefined;
  const match = /^(.*)\.([cm]?)js$/.exec(resolve(dirname(from), request));
  if (match === null) return undefined;
  const [, base = '', kind = ''] = match;
  return [`${base}.${kind}ts`, ...(kind === '' ? [`${base}.tsx`] : [])].find((path) => existsSync(path));
}

/** The files of which one has to appear before a module can be found. */
export function candidatesFor(path: string): string[] {
  return [path, path.replace(/js$/, 'ts'), ...SOURCES.map((ending) => `${path}${ending}`)];
}
