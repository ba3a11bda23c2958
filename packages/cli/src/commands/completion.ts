import { getCompletionScript, isShellSupported } from '@pnpm/tabtab';
import { Argument, Command } from 'commander';
import { examples } from '../example';
import { wrongUse } from '../exit';

const SHELLS = ['bash', 'zsh', 'fish'];

export function completion(): Command {
  return new Command('completion')
    .description(
      'Prints a completion script; commands, flags, contexts, and the names of services and endpoints that run.\n' +
        'bash: natsmith completion bash >> ~/.bashrc\n' +
        'zsh:  natsmith completion zsh > "${fpath[1]}/_natsmith"\n' +
        'fish: natsmith completion fish > ~/.config/fish/completions/natsmith.fish',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', examples('natsmith completion bash'))
    .action(async (shell: string) => {
      if (!isShellSupported(shell))
        throw wrongUse(`there is no completion for ${shell}; there is ${SHELLS.join(', ')}`);
      process.stdout.write(await getCompletionScript({ name: 'natsmith', completer: 'natsmith', shell }));
    });
}
