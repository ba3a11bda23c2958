import { runServices } from '#test/hosts';
import { useServer } from '#test/matrix';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command, useCommand, useNatsmith, useShell } from './command';
import { Cache, Calculator } from './services';

const COMMANDS = [
  'dev',
  'ls',
  'info',
  'stats',
  'ping',
  'call',
  'gather',
  'check',
  'metrics',
  'streams',
  'consumers',
  'dead',
  'schedules',
  'broker',
  'completion',
];
/** Those run until somebody ends them, or need streams; their own suites start them as the help says. */
const ELSEWHERE = /^natsmith (dev|broker|metrics|streams|consumers|dead|schedules)/;

describe('the help', () => {
  const server = useServer('broker');
  const natsmith = useNatsmith(server);
  const shell = useShell(server);
  runServices(server, [Calculator, Cache]);

  it('lists every command', async () => {
    const { code, stdout } = await natsmith(['--help']);
    expect(code).toBe(0);
    expect([...stdout.matchAll(/^ {2}([a-z]+) {2,}(?!\[)/gm)].map(([, name]) => name)).toEqual(COMMANDS);
  });

  it('and the version come without loading what is not needed', async () => {
    // What takes the time is what is loaded, and that can be told on a busy machine, too.
    const script = `process.on('exit', () => console.log(Object.keys(require.cache).length)); require(process.argv[1]).run(['--version'])`;
    const child = spawn(process.execPath, ['-e', script, join(__dirname, '../dist/index.js')]);
    const counted = new Command(child, undefined);
    await once(child, 'close');
    expect(Number(counted.stdout.trim().split('\n').at(-1))).toBeLessThan(25);
  });

  it('--version prints the version', async () => {
    expect(await natsmith(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });

  it.each(COMMANDS)('of %s has examples that work', async (command) => {
    const { code, stdout } = await natsmith([command, '--help']);
    expect(code).toBe(0);
    const examples = /\nExamples?:\n([\s\S]*)$/.exec(stdout)?.[1]?.trim().split(/\n +/) ?? [];
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples.filter((line) => !ELSEWHERE.test(line)))
      expect({ example, ...(await shell('sh', example)) }).toMatchObject({ example, code: 0, stderr: '' });
  });

  it.each([
    ['no command', [], /Usage: natsmith/],
    ['an unknown command', ['pong'], /unknown command 'pong'\n\(Did you mean ping\?\)/],
    ['an unknown flag', ['ls', '--jason'], /unknown option '--jason'\n\(Did you mean --json\?\)/],
    ['a missing argument', ['call', 'calculator'], /missing required argument 'endpoint'/],
    ['too many arguments', ['ls', 'calculator'], /too many arguments/],
  ])('%s is exit code 2', async (_, args, said) => {
    const { code, stdout, stderr } = await natsmith(args);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(said) as string });
  });
});

describe('the examples of the commands that run on', () => {
  const start = useCommand();

  it('natsmith broker --port 0 --json', async () => {
    const broker = start(['broker', '--port', '0', '--json']);
    await broker.wrote(/"port":\d+/g);
    const { url } = JSON.parse(broker.stdout) as { url: string };
    expect(await start(['ls'], { env: { NATS_URL: url } }).outcome).toMatchObject({ code: 3 });
    broker.process.kill('SIGINT');
    expect((await broker.outcome).code).toBe(0);
  });
});
