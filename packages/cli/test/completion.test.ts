import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { Command, useBroker, useNatsmith } from './command';
import { Cache, Calculator, runServices } from './services';

const COMPLETE = `
source <(natsmith completion bash)
COMP_WORDS=($1); [[ "$1" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )) COMP_LINE="$1" COMP_POINT=\${#1}
_natsmith_completion; echo "\${COMPREPLY[*]}"`;

describe('completion', () => {
  const server = useBroker();
  const natsmith = useNatsmith(server);
  runServices(server, [Calculator, Cache]);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'natsmith-completion-'));
    const file = join(folder, 'natsmith');
    writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${join(__dirname, '../dist/bin.js')}" "$@"\n`);
    chmodSync(file, 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['natsmith c', 'call check completion'],
    ['natsmith call ', 'cache calculator'],
    ['natsmith call cal', 'calculator'],
    ['natsmith gather cache ', 'flush size'],
    ['natsmith call calculator d', 'divide'],
    ['natsmith call --tls', '--tlsca --tlscert --tlskey'],
    ['natsmith completion ', 'bash zsh fish'],
    ['natsmith call -s nats://127.0.0.1:1 ', ''],
  ])('in bash of "%s" is "%s"', async (line, words) => {
    const child = spawn('bash', ['-c', COMPLETE, 'bash', line], {
      env: { ...process.env, NATS_URL: server.url, PATH: `${folder}:${process.env.PATH}` },
    });
    expect((await new Command(child, '').exit).stdout).toBe(`${words}\n`);
  });

  it.each(['bash', 'zsh', 'fish'])('has a script for %s', async (shell) => {
    const { code, stdout } = await natsmith(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toContain('natsmith completion-server --');
  });

  it('for another shell is exit code 2', async () => {
    expect(await natsmith(['completion', 'tcsh'])).toMatchObject({ code: 2 });
  });
});
