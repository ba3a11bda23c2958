// node bundle.mjs BUNDLER: bundles main.ts of the working directory, and all that it imports, into bundle.cjs or bundle.mjs.
import { resolve } from 'node:path';

const entry = resolve('main.ts');

async function withEsbuild(mainFields) {
  const { build } = await import('esbuild');
  await build({ entryPoints: [entry], bundle: true, platform: 'node', mainFields, outfile: 'bundle.cjs' });
}

const BUNDLERS = {
  esbuild: () => withEsbuild(['main', 'module']),
  'esbuild, ES modules first': () => withEsbuild(['module', 'main']),

  async webpack() {
    const { default: webpack } = await import('webpack');
    const rule = { test: /\.ts$/, loader: 'ts-loader' };
    const settings = { mode: 'production', optimization: { minimize: false }, target: 'node', entry };
    const output = { path: resolve('.'), filename: 'bundle.cjs' };
    const all = { ...settings, output, module: { rules: [rule] }, resolve: { extensions: ['.ts', '.js'] } };
    await new Promise((done, fail) => {
      webpack(all, (error, stats) => {
        if (error || stats.hasErrors()) fail(error ?? new Error(stats.toString({ all: false, errors: true })));
        else done();
      });
    });
  },

  async Rollup() {
    const { rollup } = await import('rollup');
    const names = ['typescript', 'node-resolve', 'commonjs', 'json'];
    const [typescript, nodeResolve, commonjs, json] = await Promise.all(
      names.map(async (name) => (await import(`@rollup/plugin-${name}`)).default),
    );
    const plugins = [
      typescript({ compilerOptions: { module: 'esnext', moduleResolution: 'bundler' } }),
      nodeResolve({ preferBuiltins: true }),
      commonjs({ ignoreDynamicRequires: true }),
      json(),
    ];
    const bundle = await rollup({ input: entry, plugins, onwarn() {} });
    await bundle.write({ file: 'bundle.mjs', format: 'es', inlineDynamicImports: true });
  },

  async 'Vite SSR'() {
    const { build } = await import('vite');
    const rollupOptions = { output: { entryFileNames: 'bundle.mjs' } };
    await build({
      configFile: false,
      logLevel: 'error',
      ssr: { noExternal: true },
      build: { ssr: entry, outDir: '.', emptyOutDir: false, minify: false, rollupOptions },
    });
  },
};

await BUNDLERS[process.argv[2]]();
