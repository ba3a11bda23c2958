import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '@natsmith/broker';
import { connect } from 'nats';
import { describeWithNatsServer } from '#test/matrix';
import { describeWithTerminal, inTerminal, KEY } from '#test/scaffold/terminal';
import { BIN, useCommand, type Command } from './command';

const NODE_MODULES = join(__dirname, '../../../node_modules');

describe('natsmith dev', () => {
  const start = useCommand();
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'natsmith-dev-'));
    cpSync(join(__dirname, 'project'), folder, { recursive: true });
    symlinkSync(NODE_MODULES, join(folder, 'node_modules'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const edit = (file: string, from: string, to: string): void => {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };
  const dev = async (port?: number, ...args: string[]): Promise<Command> => {
    const url = `nats://127.0.0.1:${port ?? (await freePort())}`;
    const { NATS_SERVER } = process.env;
    return start(['dev', 'src/main.ts', ...args], {
      cwd: folder,
      env: { NATS_URL: url, ...(NATS_SERVER && { NATS_SERVER }) },
    });
  };

  it('given no server, starts a broker where one was expected, and says so', async () => {
    const port = await freePort();
    const command = await dev(port);
    await command.wrote('natsmith call greeter greet');
    expect(command.stdout).toContain(
      `no server answered at 127.0.0.1:${port}, so a broker runs in this process, which forgets everything when it ends: nats://127.0.0.1:${port}\n`,
    );
    await using connection = Object.assign(await connect({ servers: `127.0.0.1:${port}` }), {
      [Symbol.asyncDispose]: () => connection.close(),
    });
    expect((await connection.request('greet', '{"name":"Ann"}')).json()).toBe('Hello, Ann');
  });

  describeWithNatsServer('given --jetstream', () => {
    it('starts a nats-server that has it where none answers', async () => {
      const port = await freePort();
      const command = await dev(port, '--jetstream');
      await command.wrote('natsmith call greeter greet');
      expect(command.stdout).toMatch(/so nats-server \d+\.\d+\.\d+ runs with JetStream, which forgets everything/);
      await using connection = Object.assign(await connect({ servers: `127.0.0.1:${port}` }), {
        [Symbol.asyncDispose]: () => connection.close(),
      });
      expect(connection.info!.jetstream).toBe(true);
    });
  });

  it('given --jetstream, says so where the server that answers has none', async () => {
    await using broker = await Broker.start({ jetstream: false });
    const command = await dev(broker.port, '--jetstream');
    const { code, stderr } = await command.outcome;
    expect([code, stderr]).toEqual([2, expect.stringContaining(`127.0.0.1:${broker.port} has no JetStream: start it`)]);
  });

  it('given a server, uses it', async () => {
    await using broker = await Broker.start();
    const command = await dev(broker.port);
    await command.wrote('natsmith call greeter greet');
    expect(command.stdout).toContain(`NATS is at 127.0.0.1:${broker.port}\n`);
  });

  it('prints services, endpoints and a call to try, which works', async () => {
    const port = await freePort();
    const command = await dev(port);
    await command.wrote('natsmith call greeter greet');
    expect(command.stdout).toMatch(/greeter 1\.0\.0 +greet +greet +\{ name: string \}\n/);
    const payload = /^try (?:npx )?natsmith call greeter greet '(.*)'$/m.exec(command.stdout)?.[1] ?? '';
    const call = start(['call', 'greeter', 'greet', payload], { env: { NATS_URL: `127.0.0.1:${port}` } });
    expect(await call.outcome).toEqual({ code: 0, stdout: '"Hello, text"\n', stderr: '' });
  });

  it('runs an ES module whose tsconfig.json has decorator metadata', async () => {
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    edit('package.json', 'commonjs', 'module');
    edit('src/main.ts', './greeter', './greeter.js');
    await (await dev()).wrote('natsmith call greeter greet');
  });

  it('restarts on a change', async () => {
    const command = await dev();
    await command.wrote('greeter 1.0.0');
    edit('src/greeter.ts', '1.0.0', '1.1.0');
    await command.wrote('greeter 1.1.0');
    expect(command.stdout).toContain('src/greeter.ts has changed\n');
  });

  it('restarts though the program has timers left when its service has stopped', async () => {
    edit('src/main.ts', 'console.log(', 'setTimeout(() => undefined, 60_000);\nconsole.log(');
    const command = await dev();
    await command.wrote('natsmith call greeter greet');
    edit('src/greeter.ts', '1.0.0', '1.1.0');
    await command.wrote('greeter 1.1.0');
  });

  it('restarts when a linked package of the workspace changes', async () => {
    const shared = mkdtempSync(join(tmpdir(), 'natsmith-shared-'));
    writeFileSync(join(shared, 'package.json'), '{"name":"shared","main":"index.ts"}');
    writeFileSync(join(shared, 'index.ts'), "export const version: string = '3.0.0';\n");
    rmSync(join(folder, 'node_modules'));
    mkdirSync(join(folder, 'node_modules'));
    for (const name of ['@natsmith', 'class-validator', 'class-transformer', 'typescript'])
      symlinkSync(join(NODE_MODULES, name), join(folder, 'node_modules', name));
    symlinkSync(shared, join(folder, 'node_modules/shared'));
    edit('src/greeter.ts', "const version = '1.0.0'", "import { version } from 'shared'");
    const command = await dev();
    await command.wrote('greeter 3.0.0');
    writeFileSync(join(shared, 'index.ts'), "export const version: string = '3.1.0';\n");
    await command.wrote('greeter 3.1.0');
    rmSync(shared, { recursive: true });
  });

  it('does not restart for what was not loaded: data, tests, configuration', async () => {
    const command = await dev();
    await command.wrote('greeter 1.0.0');
    writeFileSync(join(folder, 'src/state.json'), '{}');
    writeFileSync(join(folder, 'src/greeter.test.ts'), '');
    writeFileSync(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "experimentalDecorators": true } }');
    await new Promise((resolve) => setTimeout(resolve, 300));
    edit('src/greeter.ts', '1.0.0', '1.1.0');
    await command.wrote('greeter 1.1.0');
    expect(command.stdout.match(/has changed/g)).toHaveLength(1);
  });

  it('runs what tsc would build: options of tsconfig.json count', async () => {
    const compilerOptions = {
      target: 'es2021',
      module: 'commonjs',
      esModuleInterop: true,
      useDefineForClassFields: false,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      ignoreDeprecations: '6.0',
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    writeFileSync(join(folder, 'src/old.cjs'), "module.exports = { sign: () => 'signed' };\n");
    edit(
      'src/main.ts',
      'import { Greeter }',
      "import jwt from './old.cjs';\nclass Field { name?: string }\nconsole.log(jwt.sign(), 'name' in new Field());\nimport { Greeter }",
    );
    await (await dev()).wrote('signed false');
  });

  it('without experimentalDecorators in tsconfig.json decorators are standard ones, and the error for class-validator names the options', async () => {
    writeFileSync(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "target": "es2022" } }');
    const command = await dev();
    await command.wrote('set "experimentalDecorators" and "emitDecoratorMetadata" in tsconfig.json');
  });

  it('paths of tsconfig.json are refused as Node.js refuses them after tsc, and the error says what to do', async () => {
    const compilerOptions = { module: 'nodenext', paths: { '@app/*': ['./src/*'] } };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    edit('src/main.ts', "'./greeter'", "'@app/greeter'");
    const command = await dev();
    await command.wrote('src/main.ts ended with exit code 1');
    expect(command.stderr).toContain('"paths" in tsconfig.json ("@app/*") is for the type checker only');
  });

  it('a source that was missing starts it when it appears', async () => {
    edit('src/main.ts', './greeter', './hello');
    const command = await dev();
    await command.wrote('src/main.ts ended with exit code 1');
    cpSync(join(folder, 'src/greeter.ts'), join(folder, 'src/hello.ts'));
    await command.wrote('greeter 1.0.0');
  });

  it('reads .env, where the environment says nothing else, and again when it changes', async () => {
    writeFileSync(join(folder, '.env'), 'VERSION=5.0.0\nHOME=/nowhere\n');
    edit('src/greeter.ts', "'1.0.0'", 'process.env.HOME === "/nowhere" ? "0.0.0" : process.env.VERSION!');
    const command = await dev();
    await command.wrote('greeter 5.0.0');
    writeFileSync(join(folder, '.env'), 'VERSION=5.1.0\n');
    await command.wrote('greeter 5.1.0');
  });

  it.each([
    ['--inspect', ['--inspect=0']],
    ['--inspect without a port', ['--inspect']],
  ])('%s lets a debugger into the service, and not into the command', async (_, flags) => {
    edit('src/main.ts', 'console.log(', "console.log('debugger', require('node:inspector').url());\nconsole.log(");
    const url = `nats://127.0.0.1:${await freePort()}`;
    const command = start(['dev', ...flags, 'src/main.ts'], { cwd: folder, env: { NATS_URL: url } });
    await command.wrote('greeter 1.0.0');
    expect(command.stdout).toMatch(/debugger ws:\/\/127\.0\.0\.1:\d+/);
    expect(command.stderr.match(/Debugger listening/g)).toHaveLength(1);
  });

  describeWithTerminal('on a terminal', () => {
    it('shows logs of pino as lines, without what a terminal would obey', async () => {
      const url = `nats://127.0.0.1:${await freePort()}`;
      edit('src/main.ts', ', { logger: false }', '');
      edit(
        'src/main.ts',
        'console.log(',
        'console.log(JSON.stringify({ level: 50, time: 1, msg: "bad \\u001b]0;x", a: 1 }));\nconsole.log(',
      );
      const env = { PATH: process.env.PATH, NO_COLOR: '1', NATS_URL: url, XDG_CONFIG_HOME: '/nonexistent' };
      const argv = [process.execPath, BIN, 'dev', 'src/main.ts'];
      const { output } = await inTerminal(argv, [['try ', KEY.ctrlC]], { cwd: folder, env });
      expect(output).toMatch(/\d\d:\d\d:\d\d ERROR bad +\]0;x a=1\r\n/);
      expect(output).toMatch(/\d\d:\d\d:\d\d INFO {2}service started/);
      expect(output).not.toContain('{"level"');
    });

    it('shows what runs as a table whose head is whole, in colour, too', async () => {
      const env = {
        PATH: process.env.PATH,
        NATS_URL: `nats://127.0.0.1:${await freePort()}`,
        XDG_CONFIG_HOME: '/nonexistent',
      };
      const argv = [process.execPath, BIN, 'dev', 'src/main.ts'];
      const { output } = await inTerminal(argv, [['try', KEY.ctrlC]], { cwd: folder, env });
      expect(output.replaceAll('\x1b', 'ESC')).toMatch(/ESC\[2mservice +endpoint +subject +takesESC\[22m\r\n/);
    });
  });

  it('lets the old process answer what it has begun', async () => {
    const port = await freePort();
    const command = await dev(port);
    await command.wrote('greeter 1.0.0');
    const connection = await connect({ servers: `127.0.0.1:${port}` });
    const reply = connection.request('slowly', '', { timeout: 10_000 });
    await connection.flush();
    await new Promise((resolve) => setTimeout(resolve, 100));
    edit('src/greeter.ts', '1.0.0', '1.1.0');
    expect((await reply).json()).toBe('from 1.0.0');
    await command.wrote('greeter 1.1.0');
    await connection.close();
  });

  it('shows file and line of an error in the code, and goes on after the next change', async () => {
    const command = await dev();
    await command.wrote('greeter 1.0.0');
    edit('src/greeter.ts', '// here', 'throw new Error("wrong");');
    await command.wrote('src/main.ts ended with exit code 1; it starts again when a file changes');
    expect(command.stderr).toMatch(/Error: wrong\n +at .*src\/greeter\.ts:4/);
    edit('src/greeter.ts', 'throw new Error("wrong");', 'class {');
    await command.wrote('src/main.ts ended with exit code 1', { times: 2 });
    expect(command.stderr).toMatch(/src\/greeter\.ts:\d+:\d+ - error TS\d+: /);
    edit('src/greeter.ts', 'class {', '// here');
    await command.wrote('greeter 1.0.0', { times: 2 });
  });

  it('stacks name the source by its path, wherever tsconfig.json puts the output', async () => {
    const compilerOptions = {
      target: 'es2022',
      module: 'node16',
      rootDir: '.',
      outDir: 'dist',
      sourceRoot: 'elsewhere',
      experimentalDecorators: true,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    edit('src/greeter.ts', '// here', 'throw new Error("wrong");');
    const command = await dev();
    await command.wrote('src/main.ts ended with exit code 1');
    expect(command.stderr).toContain(`(${realpathSync(join(folder, 'src/greeter.ts'))}:4:`);
  });

  it('Ctrl-C ends the service, the broker and itself with 0', async () => {
    const port = await freePort();
    const command = await dev(port);
    await command.wrote('greeter 1.0.0');
    await command.wrote(/service pid \d+/g);
    const pid = Number(/service pid (\d+)/.exec(command.stdout)?.[1]);
    command.process.kill('SIGINT');
    expect((await command.outcome).code).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(connect({ servers: `127.0.0.1:${port}` })).rejects.toThrow();
  });

  it('when it is killed, leaves no service behind', async () => {
    const command = await dev();
    await command.wrote(/service pid \d+/g);
    const pid = Number(/service pid (\d+)/.exec(command.stdout)?.[1]);
    command.process.kill('SIGKILL');
    const deadline = Date.now() + 10_000;
    const isAlive = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    while (isAlive() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isAlive()).toBe(false);
  });

  it('a missing entry is exit code 2', async () => {
    const { code, stderr } = await start(['dev', 'src/mian.ts'], { cwd: folder }).outcome;
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('src/mian.ts; name the TypeScript file') as string,
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
