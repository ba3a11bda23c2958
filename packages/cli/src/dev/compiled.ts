import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type * as Transpile from './transpile';

/** What `natsmith dev` sends the process that runs the service. */
export interface DevSession {
  /** The process id of `natsmith dev`. */
  readonly pid: number;
  /** The folder of what has been compiled. */
  readonly cache: string;
}

/** The environment variable that holds a DevSession as JSON. */
export const SESSION_VARIABLE = 'NATSMITH_DEV';

/** The session that this process belongs to, the service's children included. */
export function devSession(): DevSession {
  return JSON.parse(process.env[SESSION_VARIABLE] ?? '{}') as DevSession;
}

export const IS_TYPESCRIPT = /\.[cm]?tsx?$/;

/**
 * A source as JavaScript. It is compiled once in a session, by whoever needs it first: loading the compiler takes longer
 * than all else that a restart does.
 * @throws SyntaxError with file, line and column
 */
export function compiled(cache: string, path: string, code = readFileSync(path, 'utf8')): string {
  const key = createHash('sha256').update(`${path}\0${code}`).digest('hex');
  const file = join(cache, `${key}.js`);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
    const output = (require('./transpile') as typeof Transpile).transpile(path, code);
    const draft = `${file}.${process.pid}.${threadId}`;
    writeFileSync(draft, output);
    renameSync(draft, file);
    return output;
  }
}
