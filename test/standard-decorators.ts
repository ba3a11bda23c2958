import { transformSync } from '@swc/core';
import * as esbuild from 'esbuild';
import { basename, join } from 'node:path';
import * as ts from 'typescript';

/** Standard decorators, as each compiler writes them; CommonJS. */
export const COMPILERS: Readonly<Record<string, (source: string) => string>> = {
  tsc: (source) =>
    ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS } })
      .outputText,
  esbuild: (source) => esbuild.transformSync(source, { loader: 'ts', format: 'cjs', target: 'es2022' }).code,
  'swc, decorators 2022-03': (source) => withSwc(source, '2022-03'),
  'swc, decorators 2023-11': (source) => withSwc(source, '2023-11'),
};

function withSwc(source: string, decoratorVersion: '2022-03' | '2023-11'): string {
  return transformSync(source, {
    configFile: false,
    swcrc: false,
    module: { type: 'commonjs' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { decoratorVersion },
    },
  }).code;
}

/**
 * What the compiler finds wrong in these files, with standard decorators. In no others that they import: a class for
 * class-validator compiles only with experimental decorators.
 */
export function typeErrorsIn(files: readonly string[]): string[] {
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    experimentalDecorators: false,
    typeRoots: [join(__dirname, '../node_modules/@types')],
    types: ['node'],
  });
  return files
    .flatMap((file) => program.getSemanticDiagnostics(program.getSourceFile(file)))
    .map(({ file, start = 0, messageText }) => {
      const line =
        file === undefined ? '' : `${basename(file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}: `;
      return `${line}${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
}
