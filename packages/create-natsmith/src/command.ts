import { Command, CommanderError, Option } from 'commander';
import type { Choices } from './choices';
import { CLIENT_LIBRARY_NAMES } from './client-library';
import { createProject, folderProblem } from './create-project';
import { wantsRepository } from './git';
import { nextSteps } from './next-steps';
import { callingPackageManager, PACKAGE_MANAGER_NAMES } from './package-manager';
import { askFor, Cancelled } from './prompts';
import { TEMPLATE_NAMES } from './templates';
import { ownVersion } from './version';

interface Flags extends Partial<Omit<Choices, 'folder'>> {
  readonly yes?: boolean;
}

const DEFAULT_FOLDER = 'my-service';

/** Runs the command line, and resolves to its exit code: 0, 1 when no project was made, 130 when somebody ended it. */
export async function run(args: readonly string[]): Promise<number> {
  const ending = new AbortController();
  const end = (): void => ending.abort(new Cancelled('ended; nothing was written'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  try {
    await commandLine(ending.signal).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // commander has printed what it has to say.
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`create-natsmith: ${(error as Error).message}\n`);
    return error instanceof Cancelled ? 130 : 1;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
  }
}

function commandLine(signal: AbortSignal): Command {
  return new Command('create-natsmith')
    .description('Makes a NATS service in TypeScript, ready to run, test and ship.')
    .argument('[name]', 'the project and its folder: a-z, 0-9 and "-"')
    .addOption(new Option('-t, --template <name>', 'what to make (default: basic)').choices(TEMPLATE_NAMES))
    .addOption(
      new Option('-p, --package-manager <name>', 'what installs (default: the one that runs this)').choices(
        PACKAGE_MANAGER_NAMES,
      ),
    )
    .addOption(
      new Option('-c, --client-library <name>', 'what connects to NATS (default: nats)').choices(CLIENT_LIBRARY_NAMES),
    )
    .option('--install', 'install the packages (default)')
    .option('--no-install', 'do not install them')
    .option('--git', 'make a git repository (default, where there is none)')
    .option('--no-git', 'make none')
    .option('--from <folder>', "take natsmith's packages from a built checkout, not from the registry")
    .option('-y, --yes', 'ask nothing')
    .version(ownVersion(), '-v, --version')
    .addHelpText(
      'after',
      '\nIn a terminal it asks for what is not said.\nExample: npm init natsmith my-service -- --template full',
    )
    .exitOverride()
    .action(async (folder: string | undefined, flags: Flags) => {
      const choices = await choose(folder, flags);
      const created = await createProject(choices, { signal, onStep: (step) => process.stdout.write(`${step} ...\n`) });
      process.stdout.write(nextSteps(choices, created));
    });
}

async function choose(folder: string | undefined, { yes, ...flags }: Flags): Promise<Choices> {
  // What was said is checked before anything is asked.
  const problem = folder === undefined ? undefined : folderProblem(folder);
  if (problem !== undefined) throw new Error(problem);
  // npm keeps a --yes that stands before "--" for itself, and passes it on like this.
  const asksNothing = yes === true || process.env.npm_config_yes === 'true';
  const given = { ...flags, ...(folder !== undefined && { folder }) };
  if (asksNothing) return defaultsFor(folder ?? DEFAULT_FOLDER, given);
  if (process.stdin.isTTY && process.stdout.isTTY) return askFor(given, (folder) => defaultsFor(folder, given));
  if (folder === undefined)
    throw new Error(
      'say the name of the project, as in "npm init natsmith my-service": without a terminal nothing can be asked',
    );
  return defaultsFor(folder, given);
}

function defaultsFor(folder: string, given: Partial<Choices>): Choices {
  return {
    template: 'basic',
    packageManager: callingPackageManager(),
    clientLibrary: 'nats',
    install: true,
    git: given.git ?? wantsRepository(folder),
    ...given,
    folder,
  };
}
