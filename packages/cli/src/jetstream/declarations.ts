import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { ServiceDescription } from '@natsmith/core';
import {
  bucket,
  eventStream,
  key,
  type Bucket,
  type BucketOptions,
  type EventStream,
  type EventStreamOptions,
} from '@natsmith/jetstream';
import { SESSION_VARIABLE } from '../dev/compiled';
import { findProject } from '../dev/project';
import { REPORT_FD } from '../dev/report';
import { wrongUse } from '../exit';

/** What a program declares, as its process reports it. */
export interface Declared {
  readonly streams: readonly {
    readonly name: string;
    readonly subjects: readonly string[];
    readonly options: EventStreamOptions;
  }[];
  readonly buckets: readonly { readonly name: string; readonly options: Omit<BucketOptions, 'keys'> }[];
  readonly services: readonly ServiceDescription[];
  /** Why classes make no service: what they need is unknown. */
  readonly mistakes: readonly string[];
}

/** What a program needs of JetStream. */
export interface Declarations extends Pick<Declared, 'services' | 'mistakes'> {
  readonly contracts: readonly (EventStream | Bucket)[];
}

const USUAL = ['src/main.ts', 'src/index.ts', 'main.ts', 'index.ts', 'src/main.js', 'index.js'];
/** Milliseconds for loading the program. */
const PATIENCE = 30_000;

/**
 * The streams and buckets that a program declares, and its services; it is loaded, and not run beyond that.
 * @throws Failure 2 when there are none
 */
export async function declarationsOf(given: string | undefined): Promise<Declarations> {
  const entry = given ?? USUAL.find((path) => existsSync(path));
  if (entry === undefined)
    throw wrongUse(`name the file that declares the streams; there is none of ${USUAL.join(', ')} here`);
  const { streams, buckets, services, mistakes } = await load(entry);
  if (streams.length + buckets.length + services.length + mistakes.length === 0)
    throw wrongUse(`${entry} declares no stream; name the file that imports those of eventStream()`);
  // What is kept under the keys of a bucket does not matter to its stream.
  const keys = [key('>', 'unchecked')];
  return {
    contracts: [
      ...streams.map(({ name, subjects, options }) => eventStream(name, { ...options, subjects })),
      ...buckets.map(({ name, options }) => bucket(name, { ...options, keys })),
    ],
    services,
    mistakes,
  };
}

async function load(entry: string): Promise<Declared> {
  const project = findProject(entry);
  const cache = mkdtempSync(join(tmpdir(), 'natsmith-streams-'));
  const dev = join(__dirname, '../dev');
  const hooks = ['--require', join(dev, 'register.js')];
  if (project.isModule) hooks.push('--import', pathToFileURL(join(dev, 'esm-register.js')).href);
  const child = spawn(process.execPath, [...hooks, join(__dirname, 'entry-reader.js'), project.entry], {
    cwd: project.folder,
    env: { ...process.env, [SESSION_VARIABLE]: JSON.stringify({ pid: process.pid, cache }) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'],
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
  });
  (child.stdio[REPORT_FD] as Readable).resume();
  try {
    return await new Promise((resolve, reject) => {
      child.on('message', (declared) => resolve(declared as Declared));
      child.on('error', reject);
      child.on('exit', () => reject(wrongUse(`${entry} could not be loaded`)));
    });
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}
