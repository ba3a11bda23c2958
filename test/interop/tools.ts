import { execFile, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const CACHE = join(ROOT, '.cache/interop');
const NATS_PY = 'nats-py==2.16.0';

/** A program of this machine: what the variable names, else the first on PATH. */
export function findTool(name: string, variable: string): string | undefined {
  const named = process.env[variable];
  if (named) return named;
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** A Python that can make virtual environments; Debian's own cannot without the package python3-venv. */
export function findPython(): string | undefined {
  const python = findTool('python3', 'PYTHON');
  if (python === undefined) return undefined;
  return spawnSync(python, ['-c', 'import ensurepip, venv']).status === 0 ? python : undefined;
}

/** A block that needs a tool: skipped where there is none; under CI that is a failure, unless the tool is optional there. */
export function describeWithTool(tool: string | undefined, title: string, missing: string, body: () => void): void {
  if (tool !== undefined) describe(title, body);
  else if (process.env.CI) {
    it(`${title}: the tool is there`, () => {
      throw new Error(missing);
    });
  } else describe.skip(`${title} (${missing})`, body);
}

/** Builds the Go programs of ./go, and resolves to the folder that holds them. */
export async function buildGoPrograms(go: string): Promise<string> {
  await run(go, ['build', '-o', join(CACHE, 'go') + '/', './...'], { cwd: join(__dirname, 'go') });
  return join(CACHE, 'go');
}

/** Makes a virtual environment with nats-py, once, and resolves to its interpreter. */
export async function makePythonEnvironment(python: string): Promise<string> {
  const folder = join(CACHE, 'venv');
  const interpreter = join(folder, 'bin/python');
  const stamp = join(folder, NATS_PY);
  if (!existsSync(stamp)) {
    await run(python, ['-m', 'venv', '--clear', folder]);
    await run(interpreter, ['-m', 'pip', 'install', '--quiet', NATS_PY]);
    writeFileSync(stamp, '');
  }
  return interpreter;
}

/** Whether a file is there that may be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
