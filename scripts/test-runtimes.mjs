// npm run test:runtimes [-- RUNTIME... [jest options]]: the behaviour suites under other runtimes than the one that
// npm itself runs on. They are downloaded once, from the npm registry, into .cache/runtimes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

const SUITES = ['core', 'client', 'jetstream', 'broker'].map((name) => `packages/${name}/`);
/** What is asked of bundlers, and not of the runtime, takes its time. */
const IGNORED = ['/node_modules/', '/dist/', 'packages/core/test/bundles'];

const root = fileURLToPath(new URL('..', import.meta.url));

/** The newest of each line; `README.md` says what was run. */
const RUNTIMES = {
  'node-22': { install: 'node@22.23.3', program: 'node/bin/node' },
  'node-24': { install: 'node@24.21.0', program: 'node/bin/node' },
  'node-26': { install: 'node@26.10.0', program: 'node/bin/node' },
  bun: {
    install: 'bun@1.4.5',
    program: '.bin/bun',
    // By the environment, and so in the workers of jest, too.
    env: { BUN_OPTIONS: `--preload=${root}scripts/bun-preload.cjs` },
  },
  deno: {
    install: 'deno@2.9.6',
    program: '.bin/deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual'],
    env: { DENO_DIR: `${root}.cache/runtimes/deno`, DENO_NO_UPDATE_CHECK: '1' },
  },
};
const [, , ...args] = process.argv;
const firstOption = args.findIndex((arg) => arg.startsWith('-'));
const names = firstOption === -1 ? args : args.slice(0, firstOption);
const jestOptions = args.slice(names.length);
for (const name of names) {
  if (RUNTIMES[name] === undefined) {
    console.error(`There is no runtime "${name}": use ${Object.keys(RUNTIMES).join(', ')}`);
    process.exit(1);
  }
}

prepare();
let status = 0;
for (const name of names.length > 0 ? names : Object.keys(RUNTIMES)) {
  console.error(`\n${name}`);
  status = run(name) || status;
}
process.exit(status);

/** @returns the path of the runtime's program; undefined where this machine cannot run it, and why is said */
function download(name) {
  const { install, program } = RUNTIMES[name];
  const folder = `${root}.cache/runtimes/${install}`;
  const path = `${folder}/node_modules/${program}`;
  if (existsSync(path) && runs(path)) return path;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "private": true }\n');
  const npm = process.env.npm_execpath;
  const command = npm ? [process.execPath, npm] : ['npm'];
  // What puts the program of bun and deno in its place is a script of the package.
  const options = ['--loglevel=error', '--no-progress', '--ignore-scripts=false', '--prefix', folder];
  const [npmProgram, ...npmArgs] = [...command, 'install', ...options, install];
  const result = spawnSync(npmProgram, npmArgs, { cwd: folder, encoding: 'utf8' });
  if (result.status === 0 && runs(path)) return path;
  const reason = result.status === 0 ? `${path} does not run on this machine` : 'npm could not install it';
  console.error(
    `The tests under ${name} did not run: they need ${install} from the npm registry, and ${reason}:\n` +
      `${result.stdout ?? ''}${result.stderr ?? result.error}`,
  );
  return undefined;
}

function runs(path) {
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
}

/** One server and one client library, as locally: all of their combinations run under the least Node.js. */
function run(name) {
  const { args = [], env } = RUNTIMES[name];
  const program = download(name);
  if (program === undefined) return 1;
  const jest = [
    'node_modules/jest/bin/jest.js',
    '--testPathPatterns',
    ...SUITES,
    '--testPathIgnorePatterns',
    ...IGNORED,
    ...jestOptions,
  ];
  const result = spawnSync(program, [...args, ...jest], {
    cwd: root,
    env: { ...process.env, NATSMITH_MATRIX: 'local', ...env },
    stdio: 'inherit',
  });
  return result.status ?? 1;
}
