// npm run test:runtimes [-- RUNTIME... [jest options]]: the behaviour suites under other runtimes than the one that
// npm itself runs on.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';
import { install, RUNTIMES } from './runtimes.mjs';

const SUITES = ['core', 'client', 'jetstream', 'broker'].map((name) => `packages/${name}/`);
/** What is asked of bundlers, and not of the runtime, takes its time. */
const IGNORED = ['/node_modules/', '/dist/', 'packages/core/test/bundles'];

const root = fileURLToPath(new URL('..', import.meta.url));

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

/** One server and one client library, as locally: all of their combinations run under the least Node.js. */
function run(name) {
  const { args = [], env } = RUNTIMES[name];
  const program = install(name);
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
