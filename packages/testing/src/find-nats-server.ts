import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Finds a nats-server binary: the path in `NATS_SERVER`, else the first `nats-server` on `PATH`.
 * Undefined when there is none; a `NATS_SERVER` that is not an executable file is an error: somebody meant it.
 */
export function findNatsServer(): string | undefined {
  const named = process.env.NATS_SERVER;
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(
      `NATS_SERVER is "${named}", which is not an executable file: correct it, or unset it to search PATH`,
    );
  }
  const file = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, file)).find(isExecutable);
}

/** The version of a nats-server binary, such as `2.15.2`. */
export function natsServerVersion(binary: string): string {
  const said = execFileSync(binary, ['--version'], { encoding: 'utf8' });
  const version = /v(\d+\.\d+\.\d+\S*)/.exec(said)?.[1];
  if (version === undefined)
    throw new Error(`${binary} --version said "${said.trim()}", not the version of a nats-server`);
  return version;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
