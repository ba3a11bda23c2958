// node bundle.mjs BUNDLER ENTRY FOLDER: one file of the entry and all that it imports; writes its path.
// Bundlers find different builds of class-transformer and class-validator for the same imports.
import { join } from 'node:path';

const [bundler, entry, folder] = process.argv.slice(2);

async function withEsbuild(file, mainFields, options) {
  const { build } = await import('esbuild');
  const outfile = join(folder, file);
  const all = { entryPoints: [entry], bundle: true, platform: 'node', mainFields, outfile, logLevel: 'error' };
  await build({ ...all, ...options });
  return outfile;
}

const BUNDLERS = {
  esbuild: () => withEsbuild('esbuild.js', ['main', 'module']),
  'esbuild with ES modules first': () => withEsbuild('esbuild-modules.js', ['module', 'main']),
  'esbuild, all packages left out': () => withEsbuild('esbuild-own.js', ['main'], { packages: 'external' }),
  'esbuild, class-transformer left out': () =>
    withEsbuild('esbuild-natsmith.js', ['main'], { external: ['class-transformer'] }),
  'esbuild, natsmith left out': () =>
    withEsbuild('esbuild-rest.js', ['main'], { external: ['@natsmith/*'], minify: true, keepNames: true }),

  async webpack() {
    const { default: webpack } = await import('webpack');
    const output = { path: folder, filename: 'webpack.js' };
    const settings = { mode: 'production', optimization: { minimize: false }, target: 'node' };
    await new Promise((resolve, reject) => {
      webpack({ ...settings, entry, output }, (error, stats) => {
        if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString({ all: false, errors: true })));
        else resolve();
      });
    });
    return join(output.path, output.filename);
  },

  async Vite() {
    const { build } = await import('vite');
    const outDir = join(folder, 'vite');
    await build({
      root: folder,
      configFile: false,
      logLevel: 'error',
      ssr: { noExternal: true },
      // The packages as they are where somebody installed them, not linked from elsewhere.
      resolve: { preserveSymlinks: true },
      build: { ssr: entry, outDir, minify: false, rollupOptions: { output: { entryFileNames: 'entry.mjs' } } },
    });
    return join(outDir, 'entry.mjs');
  },
};

console.log(await BUNDLERS[bundler]());
