import { KeyValueStore } from '@natsmith/jetstream';
import { TestHost } from '@natsmith/testing';
import * as esbuild from 'esbuild';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import type * as Fixture from './standard-decorators/service';

const SOURCES = join(__dirname, 'standard-decorators');
// Within the repository, where the packages are found, and where jest compiles nothing.
const FOLDER = join(__dirname, '../../../node_modules/.cache/natsmith-standard-jetstream', String(process.pid));

const COMPILERS: Record<string, (source: string) => string> = {
  tsc: (source) =>
    ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS } })
      .outputText,
  esbuild: (source) => esbuild.transformSync(source, { loader: 'ts', format: 'cjs', target: 'es2022' }).code,
};

function compiled(compiler: string): typeof Fixture {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${compiler}.js`);
  writeFileSync(file, COMPILERS[compiler]!(ts.sys.readFile(join(SOURCES, 'service.ts'))!));
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- compiled just now
  return require(file) as typeof Fixture;
}

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

it.each(Object.keys(COMPILERS))(
  'consumers, watches and schedules with standard decorators, compiled with %s, run as others do',
  async (compiler) => {
    const { Standard, Placed, Mode, Modes } = compiled(compiler);
    await using host = await TestHost.create(Standard);
    for (const id of [1, 2]) await host.publish(Placed, { quantity: 10 * id }, { params: { id } });
    await new KeyValueStore(host.connection, Modes).put(Mode, 'night', { params: { name: 'lamp' } });
    await host.run(Standard, 'yearly');
    let seen: string[] = [];
    while (seen.length < 5) {
      await host.idle();
      seen = await host.request<string[]>('seen');
    }
    expect(seen).toEqual(['mode lamp: night', 'one 1: 10', 'one 2: 20', 'two 2: 30', 'yearly: manual']);
  },
);

it('the compiler checks standard decorators against contracts: events, keys, batches, contexts and options', () => {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    experimentalDecorators: false,
    typeRoots: [join(__dirname, '../../../node_modules/@types')],
    types: ['node'],
  };
  const files = ['types.ts', 'service.ts'].map((name) => join(SOURCES, name));
  const program = ts.createProgram(files, options);
  const found = files.flatMap((file) => program.getSemanticDiagnostics(program.getSourceFile(file)));
  expect(
    found.map(
      ({ file, start, messageText }) =>
        `${file?.getLineAndCharacterOfPosition(start ?? 0).line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    ),
  ).toEqual([]);
});
