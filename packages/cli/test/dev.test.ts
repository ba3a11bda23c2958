import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '@natsmith/broker';
import { connect } from 'nats';
import { useCommand, type Command } from './command';

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
    return start(['dev', 'src/main.ts', ...args], { cwd: folder, env: { NATS_URL: url } });
  };

  it('given no server, starts a broker where one was expected, and says so', async () => {
    const port = await freePort();
    const command = await dev(port);
    await command.wrote('natsmith call greeter greet');
    expect(command.stdout).toContain(
      `no server answered at 127.0.0.1:${port}, so a broker runs in this process: nats://127.0.0.1:${port}\n`,
    );
    await using connection = Object.assign(await connect({ servers: `127.0.0.1:${port}` }), {
      [Symbol.asyncDispose]: () => connection.close(),
    });
    expect((await connection.request('greet', '{"name":"Ann"}')).json()).toBe('Hello, Ann');
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
    expect(await call.exit).toEqual({ code: 0, stdout: '"Hello, text"\n', stderr: '' });
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
    await command.wrote('src/main.ts ended with exit code 1', 2);
    expect(command.stderr).toMatch(/src\/greeter\.ts:4:\d+\]/);
    edit('src/greeter.ts', 'class {', '// here');
    await command.wrote('greeter 1.0.0', 2);
  });

  it('Ctrl-C ends the service, the broker and itself with 0', async () => {
    const port = await freePort();
    const command = await dev(port);
    await command.wrote('greeter 1.0.0');
    await command.wrote(/service pid \d+/g);
    const pid = Number(/service pid (\d+)/.exec(command.stdout)?.[1]);
    command.process.kill('SIGINT');
    expect((await command.exit).code).toBe(0);
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
    const { code, stderr } = await start(['dev', 'src/mian.ts'], { cwd: folder }).exit;
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
