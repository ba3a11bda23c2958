import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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

/** The scripts of a page that runs some code with a client. */
export async function bundledPage(code: string): Promise<Scripts> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ServiceClient } from '@natsmith/client';
        const say = (line) => (document.querySelector('#log').textContent += line + '\\n');
        ${code}
        document.body.dataset.state = 'done';`,
      resolveDir: __dirname,
    },
    bundle: true,
    splitting: true,
    platform: 'browser',
    format: 'esm',
    outdir: '/',
    entryNames: 'page',
    write: false,
  });
  return new Map(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]));
}
