import { readDefaultTsConfig, tsCompilerOptionsToSwcConfig } from '@swc-node/register/read-default-tsconfig';
import type { Project } from './project';

/**
 * The compiler's options by tsconfig.json, but with decorator metadata whatever it says. Made here, once: reading a
 * tsconfig.json takes all of TypeScript, and a restart would spend half of its time loading that.
 */
export function compilerOptions({ tsconfig, entry }: Project): string {
  const options = readDefaultTsConfig(tsconfig ?? '');
  return JSON.stringify({
    ...tsCompilerOptionsToSwcConfig(options, entry),
    module: 'commonjs',
    sourcemap: 'inline',
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  });
}
