import { startServer, type TestServer } from '@natsmith/testing';
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../docs/markdown';
import { describeWithWholeMatrix } from '../matrix';
import { packAll } from '../scaffold/packages';
import { PROGRAMS, tools, type Tool } from './tools';

/** Within the repository, whose dependencies are tools, too; and in no node_modules, which most of them do not compile. */
const TOOLS = join(ROOT, '.cache/tools');
const FOLDER = join(TOOLS, String(process.pid));
const SCENARIO = readFileSync(join(__dirname, 'scenario.ts'), 'utf8');

const PROGRAM = `
import { writeFileSync } from 'node:fs';
const save = (result: object): void => writeFileSync(process.env.RESULT!, JSON.stringify(result));
`;
const MAIN = `${PROGRAM}void scenario().then(save, (error: Error) => save({ error: error.message }));\n`;
const SPEC = `${PROGRAM}declare const it: (title: string, test: () => Promise<void>) => void;
it('runs', () => scenario().then(save, (error: Error) => save({ error: error.message })));\n`;

const COMPILER_OPTIONS = {
  target: 'es2022',
  module: 'node16',
  strict: true,
  skipLibCheck: true,
  types: ['node'],
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

/** The programs of Bun and Deno. */
const runtimes = new Map<string, string>();

function installRuntimes(...names: string[]): void {
  const script = join(ROOT, 'scripts/runtimes.mjs');
  const printed = execFileSync(process.execPath, [script, ...names], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  printed
    .trim()
    .split('\n')
    .forEach((path, index) => runtimes.set(names[index]!, path));
}

/** What a project of these sources says when its tool has run it. */
async function resultOf(tool: Tool, source: string, url: string): Promise<object> {
  const folder = join(FOLDER, `${tool.name} ${source === SCENARIO ? '' : 'named'}`.replace(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  const files = {
    'package.json': JSON.stringify({ private: true, type: tool.type ?? 'commonjs' }),
    'tsconfig.json': JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ['main.ts'] }),
    'main.ts': source + MAIN,
    'main.spec.ts': source + SPEC,
    ...tool.files,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  for (const name of ['bundle.mjs', 'executable.mjs']) copyFileSync(join(__dirname, name), join(folder, name));
  const result = join(folder, 'result.json');
  for (const [file = '', ...args] of tool.commands) {
    const isProgram = (PROGRAMS as readonly string[]).includes(file);
    const command = isProgram ? [runtimes.get(file) ?? join(folder, file)] : [process.execPath, installed(file)];
    const [program, ...all] = [...command, ...args];
    await run(program!, all, folder, { NATS_URL: url, RESULT: result });
  }
  return JSON.parse(readFileSync(result, 'utf8')) as object;
}

/** Where a tool's file is; others are the project's. */
function installed(file: string): string {
  return [TOOLS, ROOT].map((folder) => join(folder, 'node_modules', file)).find((path) => existsSync(path)) ?? file;
}

function run(command: string, args: string[], cwd: string, more: Record<string, string>): Promise<void> {
  const env = { ...process.env, ...more, NODE_OPTIONS: '', JEST_WORKER_ID: undefined, NODE_ENV: undefined };
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${args.join(' ')}:\n${stdout}${stderr}`, { cause: error }));
      else resolve();
    });
  });
}

/** For compilers that write down no types. */
const NAMED = SCENARIO.replace('@Endpoint()\n  order', '@Endpoint({ request: Order })\n  order').replace(
  '@Endpoint()\n  async *count',
  '@Endpoint({ request: Range })\n  async *count',
);

describeWithWholeMatrix('a project of the packed packages, run by', () => {
  let server: TestServer;
  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/install-tools.mjs')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    installRuntimes('bun', 'deno');
    mkdirSync(FOLDER, { recursive: true });
    for (const { name, path } of packAll(FOLDER)) {
      const home = join(FOLDER, 'node_modules', name);
      mkdirSync(home, { recursive: true });
      execFileSync('tar', ['-xzf', path, '--strip-components=1', '-C', home]);
    }
    server = await startServer('broker');
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(FOLDER, { recursive: true, force: true });
  });

  describe.each(tools)('$name', (tool) => {
    it('validates, transforms, leaves out, streams and is called', async () => {
      expect(await resultOf(tool, tool.emitsMetadata ? SCENARIO : NAMED, server.url)).toEqual({
        receipt: { price: 10, skus: ['A'], isOrder: true },
        refused: { code: 400, path: 'items[0].quantity' },
        counted: [1, 2, 3],
      });
    }, 180_000);

    if (!tool.emitsMetadata)
      it('says at the start that nothing names the payload, and what to do', async () => {
        expect(await resultOf(tool, SCENARIO, server.url)).toEqual({
          error: expect.stringMatching(/no decorator metadata .*@Endpoint\(\{ request:/) as string,
        });
      }, 180_000);
  });
});
