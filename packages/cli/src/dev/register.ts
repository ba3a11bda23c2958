// Preloaded into the process that runs the service.
import Module from 'node:module';
import { dirname, resolve } from 'node:path';
import { addHook } from 'pirates';
import { compiled, devSession, IS_TYPESCRIPT } from './compiled';
import { decoratorAdvice } from './decorator-advice';
import { candidatesFor, sourceOf } from './resolution';
import { report } from './report';
import type * as Transpile from './transpile';

/** The parts of Node's own loader that its types leave out. */
interface Loader {
  _resolveFilename: (
    this: unknown,
    request: string,
    parent: { filename?: string | null } | undefined,
    ...rest: unknown[]
  ) => string;
  prototype: { load: (this: unknown, filename: string) => void };
}

/** Milliseconds for what the program does when its hosts have stopped. */
const LAST_WORDS = 100;

const { cache } = devSession();
const loader = Module as unknown as Loader;

addHook(compile, { exts: ['.ts', '.cts', '.mts', '.tsx'] });

const { load } = loader.prototype;
loader.prototype.load = function (filename) {
  report(filename);
  return load.call(this, filename);
};

const resolveFilename = loader._resolveFilename;
loader._resolveFilename = function (request, parent, ...rest) {
  try {
    return resolveFilename.call(this, request, parent, ...rest);
  } catch (error) {
    const from = parent?.filename ?? undefined;
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND' || from === undefined) throw error;
    const source = sourceOf(request, from);
    if (source !== undefined) return source;
    if (IS_TYPESCRIPT.test(from)) explain(error as Error, request, from);
    throw error;
  }
};

/** A missing file is a source as soon as it is there. */
function explain(error: Error, request: string, from: string): void {
  if (request.startsWith('.')) return candidatesFor(resolve(dirname(from), request)).forEach(report);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- it loads the compiler
  const advice = (require('./transpile') as typeof Transpile).pathsAdvice(request, from);
  if (advice !== undefined) error.message = `${error.message}\n${advice}`;
}

function compile(code: string, filename: string): string {
  try {
    return compiled(cache, filename, code);
  } catch (error) {
    // The compiler's own stack has nothing of the user's code.
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

process.on('uncaughtExceptionMonitor', (error) => {
  const advice = decoratorAdvice(error);
  if (advice !== undefined) process.stderr.write(`${advice}\n`);
});

// When the hosts have stopped, timers of handlers that nobody waits for are not waited for either.
function endWithHosts(): void {
  const endSoon = (): void => {
    if (process.listenerCount('SIGTERM') === 0) setTimeout(() => process.exit(), LAST_WORDS);
  };
  process.on('removeListener', endSoon);
  endSoon();
}

// `natsmith dev` says "stop", and sends SIGTERM.
process.once('message', endWithHosts);
// If it is killed, nobody else ends this process.
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  endWithHosts();
});
process.channel?.unref();
