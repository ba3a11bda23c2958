import { getShellFromEnv, log, logFiles, parseEnv } from '@pnpm/tabtab';
import { Command } from 'commander';
import { withFlagsLast } from '../connection/flags-last';
import { candidates, FILES } from '../complete/candidates';

/** What the completion scripts call. It writes one candidate a line, and nothing when anything goes wrong. */
export function completionServer(): Command {
  return new Command('completion-server')
    .argument('[words...]')
    .allowUnknownOption()
    .action(async () => {
      const { complete, partial } = parseEnv(process.env);
      if (!complete) return;
      const typed = partial.split(/\s+/).slice(1);
      const current = typed.pop() ?? '';
      const words = withFlagsLast(typed);
      const found = await candidates(words, current).catch(() => []);
      if (found === FILES) logFiles();
      else
        log(
          found.filter((one) => one.startsWith(current)),
          getShellFromEnv(process.env),
        );
    });
}
