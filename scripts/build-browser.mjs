// What bundlers for browsers get of a package: its sources as ES modules, file by file, so that a bundle holds the files
// that it uses; what is newer than its sources stays. The files that "browser" in package.json puts in the place of others stand there.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../packages', import.meta.url));

for (const name of ['protocol', 'client']) await buildPackage(join(packages, name));

async function buildPackage(folder) {
  const outdir = join(folder, 'dist/browser');
  const { browser } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const sourceOf = (path) => join(folder, path.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
  const inPlaceOf = new Map(Object.entries(browser).map((pair) => pair.map(sourceOf)));
  const sources = readdirSync(join(folder, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, 'src', name))
    .filter((path) => !inPlaceOf.has(path));
  if (isFresh(join(outdir, 'index.mjs'), [...sources, join(folder, 'package.json'), fileURLToPath(import.meta.url)]))
    return;
  // Loaded where it is needed: most runs find all fresh.
  const { build } = await import('esbuild');
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: sources,
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    // Fields are set and not defined, which takes fewer words.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    logLevel: 'warning',
    plugins: [{ name: 'each file for itself', setup: ({ onResolve }) => onResolve({ filter: /^\./ }, importOf) }],
  });
  // The types are those of Node.js.
  writeFileSync(join(outdir, 'index.d.mts'), "export * from '../index.js';\n");

  function importOf({ path, resolveDir, kind }) {
    if (kind === 'entry-point') return undefined;
    const source = `${join(resolveDir, path)}.ts`;
    const file = relative(resolveDir, inPlaceOf.get(source) ?? source).replace(/\.ts$/, '.mjs');
    return { path: file.startsWith('.') ? file : `./${file}`, external: true };
  }
}

function isFresh(file, sources) {
  return existsSync(file) && sources.every((source) => statSync(source).mtimeMs <= statSync(file).mtimeMs);
}
