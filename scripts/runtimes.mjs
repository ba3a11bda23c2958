// node scripts/runtimes.mjs NAME...: installs runtimes, once, from the npm registry into .cache/runtimes, and prints the
// paths of their programs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The newest of each line; `README.md` says what was run. */
export const RUNTIMES = {
  'node-22': { from: 'node@22.23.3', program: 'node/bin/node' },
  'node-24': { from: 'node@24.21.0', program: 'node/bin/node' },
  'node-26': { from: 'node@26.10.0', program: 'node/bin/node' },
  bun: {
    from: 'bun@1.4.5',
    program: '.bin/bun',
    // By the environment, and so in the workers of jest, too.
    env: { BUN_OPTIONS: `--preload=${root}scripts/bun-preload.cjs` },
  },
  deno: {
    from: 'deno@2.9.6',
    program: '.bin/deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual'],
    env: { DENO_DIR: `${root}.cache/runtimes/deno`, DENO_NO_UPDATE_CHECK: '1' },
  },
};

/** @returns the path of the runtime's program; undefined where this machine cannot run it, and why is said */
export function install(name) {
  const { from, program } = RUNTIMES[name];
  const folder = `${root}.cache/runtimes/${from}`;
  const path = `${folder}/node_modules/${program}`;
  if (existsSync(path) && runs(path)) return path;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "private": true }\n');
  const npm = process.env.npm_execpath;
  const command = npm ? [process.execPath, npm] : ['npm'];
  // What puts the program of bun and deno in its place is a script of the package.
  const options = ['--loglevel=error', '--no-progress', '--ignore-scripts=false', '--prefix', folder];
  const [npmProgram, ...npmArgs] = [...command, 'install', ...options, from];
  const result = spawnSync(npmProgram, npmArgs, { cwd: folder, encoding: 'utf8' });
  if (result.status === 0 && runs(path)) return path;
  const reason = result.status === 0 ? `${path} does not run on this machine` : 'npm could not install it';
  console.error(
    `The tests under ${name} did not run: they need ${from} from the npm registry, and ${reason}:\n` +
      `${result.stdout ?? ''}${result.stderr ?? result.error}`,
  );
  return undefined;
}

function runs(path) {
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const programs = process.argv.slice(2).map(install);
  console.log(programs.join('\n'));
  process.exitCode = programs.includes(undefined) ? 1 : 0;
}
