// node bundle.mjs BUNDLER FOLDER: bundles page.ts into page.js in the folder, and what that loads later beside it.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'src/page.ts');

const BUNDLERS = {
  async 'esbuild, one file'(outdir) {
    const { build } = await import('esbuild');
    await build({ entryPoints: [page], bundle: true, platform: 'browser', format: 'esm', minify: true, outdir });
  },
  Vite: (folder) => withVite(folder, false),
  'Vite, one file': (folder) => withVite(folder, true),
  webpack: (folder) => withWebpack(folder, Infinity),
  'webpack, one file': (folder) => withWebpack(folder, 1),
};

async function withVite(outDir, inlineDynamicImports) {
  const { build } = await import('vite');
  const output = { entryFileNames: 'page.js', chunkFileNames: '[name].js', inlineDynamicImports };
  const rollupOptions = { input: page, output };
  await build({ configFile: false, logLevel: 'error', root, build: { outDir, target: 'es2022', rollupOptions } });
}

async function withWebpack(path, maxChunks) {
  const [{ default: webpack }, { transform }] = await Promise.all([import('webpack'), import('esbuild')]);
  const entry = join(path, 'source.mjs');
  await writeFile(entry, (await transform(await readFile(page), { loader: 'ts' })).code);
  const resolve = { modules: [fileURLToPath(new URL('../../../node_modules', import.meta.url))] };
  const output = { path, filename: 'page.js', publicPath: '/' };
  const plugins = maxChunks === 1 ? [new webpack.optimize.LimitChunkCountPlugin({ maxChunks })] : [];
  await new Promise((done, fail) => {
    webpack({ mode: 'production', target: 'web', entry, output, resolve, plugins }, (error, stats) => {
      if (error || stats.hasErrors()) fail(error ?? new Error(stats.toString({ all: false, errors: true })));
      else done();
    });
  });
  await rm(entry);
}

await BUNDLERS[process.argv[2]](process.argv[3]);
