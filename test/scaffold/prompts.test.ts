import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useInstalledCommand } from './installed-command';
import { userEnvironment } from './processes';
import { describeWithTerminal, inTerminal, KEY, type Session } from './terminal';

// Each test starts programs, which takes a while on a machine that has more to do.
jest.setTimeout(60_000);

describeWithTerminal('in a terminal', () => {
  const command = useInstalledCommand();
  let cwd: string;
  beforeEach(async () => {
    cwd = await command.folder();
  });

  function create(args: string[], steps: [text: string, keys: string][]): Promise<Session> {
    return inTerminal(['node', command.path, ...args], steps, { cwd, env: userEnvironment() });
  }

  test('it asks for everything, and makes what was answered', async () => {
    const { code, output, missed } = await create(
      [],
      [
        ['Name of the project', `my-client${KEY.enter}`],
        ['Template', KEY.down + KEY.down + KEY.enter],
        ['Package manager', KEY.down + KEY.enter],
        ['Client library', KEY.down + KEY.enter],
        ['Install now with pnpm?', `n`],
        ['Make it a git repository?', `n`],
      ],
    );
    expect({ code, missed }).toEqual({ code: 0, missed: [] });
    expect(output).toContain('files of the template "client".');
    expect(output).toContain('  pnpm install\r\n  pnpm run dev');
    expect(readdirSync(cwd)).toEqual(['my-client']);
    const manifest = readFileSync(join(cwd, 'my-client/package.json'), 'utf8');
    expect(manifest).toContain('"name": "my-client"');
    expect(manifest).toContain('"@nats-io/transport-node"');
  });

  test('it does not ask for what flags have answered', async () => {
    const { code, output, missed } = await create(
      ['my-service', '--template', 'basic', '--client-library', 'nats', '--no-install', '--no-git'],
      [['Package manager', KEY.enter]],
    );
    expect({ code, missed }).toEqual({ code: 0, missed: [] });
    expect(output).not.toMatch(/Name of the project|Template|Client library|Install now|git repository\?/);
  });

  test('it says what is wrong with a name, and asks again', async () => {
    const { code, missed } = await create(
      ['--template', 'basic', '--package-manager', 'npm', '--client-library', 'nats', '--no-install', '--no-git'],
      [
        ['Name of the project', `Mine${KEY.enter}`],
        ['may hold only a-z', `\x7f\x7f\x7f\x7fyours${KEY.enter}`],
      ],
    );
    expect({ code, missed, left: readdirSync(cwd) }).toEqual({ code: 0, missed: [], left: ['yours'] });
  });

  test('Enter takes the name that it suggests', async () => {
    const { code } = await create(
      ['--template', 'basic', '--package-manager', 'npm', '--client-library', 'nats', '--no-install', '--no-git'],
      [['Name of the project', KEY.enter]],
    );
    expect({ code, left: readdirSync(cwd) }).toEqual({ code: 0, left: ['my-service'] });
  });

  test('Ctrl-C leaves, and nothing is written', async () => {
    const { code, output } = await create(['my-service'], [['Template', KEY.ctrlC]]);
    expect({ code, left: readdirSync(cwd) }).toEqual({ code: 130, left: [] });
    expect(output).toContain('cancelled; nothing was written');
  });

  test('--yes asks nothing', async () => {
    const { code, output } = await create(['my-service', '--yes', '--no-install'], []);
    expect({ code, left: readdirSync(cwd) }).toEqual({ code: 0, left: ['my-service'] });
    expect(output).not.toContain('?');
  });
});
