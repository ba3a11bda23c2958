import { runServices } from '#test/hosts';
import { useServer } from '#test/matrix';
import { useNatsmith, useShell } from './command';
import { Cache, Calculator } from './services';

const COMPLETE = `
source <(natsmith completion bash)
COMP_WORDS=($1); [[ "$1" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )) COMP_LINE="$1" COMP_POINT=\${#1}
_natsmith_completion; echo "\${COMPREPLY[*]}"`;

describe('completion', () => {
  const server = useServer('broker');
  const natsmith = useNatsmith(server);
  runServices(server, [Calculator, Cache]);
  const shell = useShell(server);

  it.each([
    ['natsmith c', 'call check consumers completion'],
    ['natsmith call ', 'cache calculator'],
    ['natsmith call cal', 'calculator'],
    ['natsmith gather cache ', 'flush size'],
    ['natsmith call calculator d', 'divide double'],
    ['natsmith --timeout 2s call cal', 'calculator'],
    ['natsmith call --tls', '--tlsca --tlscert --tlskey'],
    ['natsmith completion ', 'bash zsh fish'],
    ['natsmith call -s nats://127.0.0.1:1 ', ''],
  ])('in bash of "%s" is "%s"', async (line, words) => {
    expect(await shell('bash', COMPLETE, line)).toMatchObject({ stdout: `${words}\n` });
  });

  it.each(['bash', 'zsh', 'fish'])('has a script for %s', async (name) => {
    const { code, stdout } = await natsmith(['completion', name]);
    expect(code).toBe(0);
    expect(stdout).toContain('natsmith completion-server --');
  });

  it('for another shell is exit code 2', async () => {
    expect(await natsmith(['completion', 'tcsh'])).toMatchObject({ code: 2 });
  });
});
