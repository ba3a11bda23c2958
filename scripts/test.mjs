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
await import('../node_modules/jest/bin/jest.js');

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
