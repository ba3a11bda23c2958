import { getShellFromEnv, log, logFiles, parseEnv } from '@pnpm/tabtab';
import { Command } from 'commander';
import { candidates, FILES } from '../complete/candidates';

/** What the completion scripts call. It writes one candidate a line, and nothing when anything goes wrong. */
export function completionServer(): Command {
  return new Command('completion-server')
    .argument('[words...]')
    .allowUnknownOption()
    .action(async () => {
      const { complete, partial } = parseEnv(process.env);
      if (!complete) return;
      const words = partial.split(/\s+/).slice(1);
      const current = words.pop() ?? '';
      const found = await candidates(words, current).catch(() => []);
      if (found === FILES) logFiles();
      else
        log(
          found.filter((one) => one.startsWith(current)),
          getShellFromEnv(process.env),
        );
    });
}
