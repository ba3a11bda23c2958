import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import type * as TypeScript from 'typescript';
import { isEsModule, nearest } from './project';

type Options = TypeScript.CompilerOptions;

/** What is read of a tsconfig.json itself. */
interface Config {
  readonly references?: readonly { readonly path: string }[];
}

let typescript: typeof TypeScript | undefined;
const optionsByConfig = new Map<string, Options>();

/**
 * Compiles one file as `tsc` does, with the project's own TypeScript and the options of the nearest tsconfig.json, but
 * for what one file alone cannot tell (`isolatedModules`).
 */
export function transpile(path: string, code: string): string {
  const ts = load(path);
  const { outputText, diagnostics = [] } = ts.transpileModule(code, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: { ...optionsFor(ts, path), ...moduleOf(ts, path) },
  });
  // Those without a file are about options, which `tsc` reports.
  const [mistake] = diagnostics.filter(({ file }) => file !== undefined);
  if (mistake?.file === undefined) return outputText;
  const { line, character } = mistake.file.getLineAndCharacterOfPosition(mistake.start ?? 0);
  const text = ts.flattenDiagnosticMessageText(mistake.messageText, '\n');
  const where = `${relative(process.cwd(), path)}:${line + 1}:${character + 1}`;
  throw new SyntaxError(`${where} - error TS${mistake.code}: ${text}\n\n  ${code.split('\n')[line] ?? ''}`);
}

/** Why a module is not found, where `paths` made the type checker find it; undefined where they did not. */
export function pathsAdvice(request: string, path: string): string | undefined {
  const { paths = {} } = optionsFor(load(path), path);
  const pattern = Object.keys(paths).find((pattern) => {
    const [before = '', after] = pattern.split('*');
    return after === undefined ? request === before : request.startsWith(before) && request.endsWith(after);
  });
  if (pattern === undefined) return undefined;
  return (
    `"paths" in tsconfig.json ("${pattern}") is for the type checker only: tsc leaves "${request}" as it is, and Node.js ` +
    `does not find it. Use "imports" in package.json ("#name"), a package of the workspace, or a relative path`
  );
}

function load(path: string): typeof TypeScript {
  if (typescript !== undefined) return typescript;
  for (const from of [path, __filename])
    try {
      typescript = createRequire(from)('typescript') as typeof TypeScript;
      if (typeof typescript.transpileModule === 'function') return typescript;
    } catch {
      // reported below
    }
  throw new Error('natsmith dev compiles with the TypeScript of the project: npm install --save-dev typescript@6');
}

function optionsFor(ts: typeof TypeScript, path: string): Options {
  const config = nearest('tsconfig.json', dirname(path)) ?? '';
  let options = optionsByConfig.get(config);
  if (options === undefined) {
    options = withDefaults(ts, config === '' ? undefined : read(ts, config, path));
    optionsByConfig.set(config, options);
  }
  return options;
}

function read(ts: typeof TypeScript, config: string, path: string): Options {
  const { config: json, error } = readJson(ts, config);
  if (error !== undefined) throw new Error(`${config}: ${ts.flattenDiagnosticMessageText(error.messageText, '\n')}`);
  const parsed = ts.parseJsonConfigFileContent(json, ts.sys, dirname(config));
  if (parsed.fileNames.some((file) => resolve(file) === path)) return parsed.options;
  // A tsconfig.json that only refers to others says nothing of the file itself.
  for (const reference of json?.references ?? []) {
    const target = resolve(dirname(config), reference.path);
    const file = target.endsWith('.json') ? target : join(target, 'tsconfig.json');
    if (!existsSync(file)) continue;
    const other = ts.getParsedCommandLineOfConfigFile(
      file,
      {},
      { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} },
    );
    if (other?.fileNames.some((one) => resolve(one) === path)) return other.options;
  }
  return parsed.options;
}

function readJson(ts: typeof TypeScript, config: string): { config?: Config; error?: TypeScript.Diagnostic } {
  return ts.readConfigFile(config, (file) => readFileSync(file, 'utf8'));
}

/** Without a tsconfig.json the types of parameters say what payloads are; with one, what it says counts. */
function withDefaults(ts: typeof TypeScript, given: Options | undefined): Options {
  const options = given ?? { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Node16, esModuleInterop: true };
  const experimentalDecorators = options.experimentalDecorators ?? given === undefined;
  return {
    ...options,
    experimentalDecorators,
    emitDecoratorMetadata: options.emitDecoratorMetadata ?? experimentalDecorators,
    sourceMap: false,
    inlineSourceMap: true,
    inlineSources: true,
    // What is compiled runs in the source's own place, from which its map finds the source.
    outDir: undefined,
    rootDir: undefined,
    sourceRoot: undefined,
    mapRoot: undefined,
  };
}

/** The kind of module that Node.js takes the file for. */
function moduleOf(ts: typeof TypeScript, path: string): Options {
  if (isEsModule(path)) return { module: ts.ModuleKind.ESNext };
  const { module = ts.ModuleKind.CommonJS } = optionsFor(ts, path);
  const isOfNode = module >= ts.ModuleKind.Node16 && module <= ts.ModuleKind.NodeNext;
  return { module: isOfNode ? module : ts.ModuleKind.CommonJS };
}
