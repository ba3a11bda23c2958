import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundlePage, type Scripts } from '../src/site';

/** The ways in which a page gets its scripts: the code of streams in a file of its own, or all in one. */
export const bundlers: readonly (readonly [name: string, bundle: () => Promise<Scripts>])[] = [
  ['esbuild', bundlePage],
  ...['esbuild, one file', 'Vite', 'Vite, one file', 'webpack', 'webpack, one file'].map(
    (name) => [name, () => bundledBy(name)] as const,
  ),
];

async function bundledBy(bundler: string): Promise<Scripts> {
  const folder = await mkdtemp(join(tmpdir(), 'natsmith-page-'));
  try {
    // Vite is an ES module, which jest cannot load.
    await promisify(execFile)(process.execPath, [join(__dirname, 'bundle.mjs'), bundler, folder]);
    const names = await readdir(folder);
    const scripts = names.map(async (name) => [`/${name}`, await readFile(join(folder, name), 'utf8')] as const);
    return new Map(await Promise.all(scripts));
  } finally {
    await rm(folder, { recursive: true });
  }
}
