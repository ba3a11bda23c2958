// What bundlers for browsers get of the client: its sources and those of `protocol` as ES modules. Streams are in a module
// of their own, which is imported where the first one begins. What is newer than the sources stays. The files that
// "browser" in a package.json puts in the place of others stand there.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [protocol, client] = ['protocol', 'client'].map((name) =>
  fileURLToPath(new URL(`../packages/${name}`, import.meta.url)),
);
const outDir = join(client, 'dist/browser');
const inPlaceOf = new Map([protocol, client].flatMap(replacements));

if (!isFresh(join(outDir, 'index.mjs'))) {
  // Loaded where it is needed: most runs find all fresh.
  const { build } = await import('vite');
  await build({
    configFile: false,
    logLevel: 'warn',
    plugins: [{ name: 'sources', enforce: 'pre', resolveId }],
    // Fields are set and not defined, which takes fewer words.
    esbuild: { tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } } },
    build: {
      outDir,
      target: 'es2022',
      minify: false,
      lib: { entry: join(client, 'src/index.ts'), formats: ['es'] },
      rollupOptions: {
        external: ['@nats-io/nats-core', 'secure-json-parse'],
        treeshake: { moduleSideEffects: false },
        output: {
          entryFileNames: 'index.mjs',
          chunkFileNames: ({ name }) => (name === 'index' ? 'client.mjs' : `${name}.mjs`),
          // Whoever imports a CommonJS package has it in the bundle, used or not: events alone need this one.
          manualChunks: (source) => (/\/body\/json\.ts$/.test(source) ? 'json' : undefined),
          onlyExplicitManualChunks: true,
        },
      },
    },
  });
  // The types are those of Node.js.
  writeFileSync(join(outDir, 'index.d.mts'), "export * from '../index.js';\n");
}

function resolveId(name, importer) {
  if (name === '@natsmith/protocol') return join(protocol, 'src/index.ts');
  if (!name.startsWith('.')) return null;
  const source = join(dirname(importer), name.replace(/\.js$/, '') + '.ts');
  return inPlaceOf.get(source) ?? source;
}

function replacements(folder) {
  const sourceOf = (path) => join(folder, path.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
  return Object.entries(manifestOf(folder).browser).map((pair) => pair.map(sourceOf));
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function isFresh(file) {
  const sources = [protocol, client].flatMap((folder) =>
    ['package.json', ...readdirSync(join(folder, 'src'), { recursive: true }).map((name) => join('src', name))].map(
      (name) => join(folder, name),
    ),
  );
  const isOlder = (source) => statSync(source).mtimeMs <= statSync(file).mtimeMs;
  return existsSync(file) && [...sources, fileURLToPath(import.meta.url)].every(isOlder);
}
