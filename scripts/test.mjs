// npm test [-- jest arguments]
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { prepare } from './prepare.mjs';

prepare();
for (const tool of [
  { name: 'nats-server', variable: 'NATS_SERVER', uses: 'what runs on a real server; the in-process broker is tested' },
  { name: 'nats', variable: 'NATS_CLI', uses: 'the nats command against our services' },
  { name: 'go', variable: 'GO', uses: 'clients and services in Go' },
  { name: 'python3', variable: 'PYTHON', uses: 'clients and services in Python' },
])
  if (!process.env[tool.variable] && !isOnPath(tool.name))
    process.stderr.write(`skipped: ${tool.uses} (no ${tool.name} on PATH, and none named in ${tool.variable})\n`);
process.stderr.write(`${matrix()}\n`);
await import('../node_modules/jest/bin/jest.js');

/** What `test/matrix.ts` will describe suites for, in a line. */
function matrix() {
  const whole = (process.env.NATSMITH_MATRIX || (process.env.CI ? 'whole' : 'local')) === 'whole';
  const server = process.env.NATS_SERVER || isOnPath('nats-server') ? 'nats-server' : 'the in-process broker';
  return whole
    ? 'matrix: whole, nats-server and the in-process broker, nats 2 and nats.js 3, projects of each template and each tool'
    : `matrix: local, ${server} and nats 2; NATSMITH_MATRIX=whole runs both servers, both client libraries, and projects of each template and each tool, as CI does`;
}

function isOnPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
