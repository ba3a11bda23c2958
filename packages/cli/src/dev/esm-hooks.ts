// How Node.js loads the ES modules of a service; it runs these in a thread of their own.
import { dirname, resolve as resolvePath } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { LoadHook, ResolveHook } from 'node:module';
import { compiled, devSession, IS_TYPESCRIPT } from './compiled';
import { isEsModule } from './project';
import { candidatesFor, sourceOf } from './resolution';
import { report } from './report';
import type * as Transpile from './transpile';

const { cache } = devSession();

export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context);
  } catch (error) {
    const from = context.parentURL?.startsWith('file:') ? fileURLToPath(context.parentURL) : undefined;
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND' || from === undefined) throw error;
    const source = sourceOf(specifier, from);
    if (source !== undefined) return next(pathToFileURL(source).href, context);
    if (specifier.startsWith('.')) candidatesFor(resolvePath(dirname(from), specifier)).forEach(report);
    else if (IS_TYPESCRIPT.test(from)) {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- it loads the compiler
      const advice = (require('./transpile') as typeof Transpile).pathsAdvice(specifier, from);
      if (advice !== undefined) (error as Error).message += `\n${advice}`;
    }
    throw error;
  }
};

export const load: LoadHook = async (url, context, next) => {
  if (!url.startsWith('file:')) return next(url, context);
  const path = fileURLToPath(url);
  report(path);
  if (!IS_TYPESCRIPT.test(path)) return next(url, context);
  // The hook of `require` compiles it.
  if (!isEsModule(path)) return { format: 'commonjs', shortCircuit: true };
  return { format: 'module', shortCircuit: true, source: compiled(cache, path) };
};
