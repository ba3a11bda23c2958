import { basename, resolve } from 'node:path';
import { ownCheckout, packCheckout } from './checkout';
import type { Choices } from './choices';
import { execute } from './execute';
import { projectNameProblem } from './project-name';
import { fillFolder, targetProblem } from './target';
import { useArchives, useClientLibrary, useManager, useVersion } from './use-packages';
import { ownVersion } from './version';
import { writeTemplate } from './write-template';

/** What was made. */
export interface CreatedProject {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** How many files were written, without what was installed. */
  readonly files: number;
  /** The checkout whose packages it uses, if not those of the registry. */
  readonly from?: string;
}

/** How the making of a project is watched and ended. */
export interface CreateOptions {
  /** Told of each step as it begins. */
  readonly onStep?: (step: string) => void;
  /** Ends it; nothing is left then. */
  readonly signal?: AbortSignal;
}

/** Why no project can be made in a folder, or undefined. */
export function folderProblem(folder: string): string | undefined {
  return projectNameProblem(basename(resolve(folder))) ?? targetProblem(resolve(folder));
}

/**
 * Makes a project: all of it, or nothing.
 * @throws Error when the folder's name cannot be a project's, the folder is not empty, or a step fails
 */
export async function createProject(choices: Choices, options: CreateOptions = {}): Promise<CreatedProject> {
  const { template, packageManager, clientLibrary, install, git } = choices;
  const { onStep, signal } = options;
  const problem = folderProblem(choices.folder);
  if (problem !== undefined) throw new Error(problem);
  const folder = resolve(choices.folder);
  const name = basename(folder);
  const from = choices.from === undefined ? ownCheckout() : resolve(choices.from);

  return fillFolder(folder, async (draft) => {
    onStep?.(`writing the template "${template}"`);
    const files = await writeTemplate(template, name, draft);
    if (from === undefined) await useVersion(draft, ownVersion());
    else {
      onStep?.(`packing the packages of ${from}`);
      await useArchives(draft, await packCheckout(from, draft, signal), packageManager);
    }
    await useClientLibrary(draft, clientLibrary, packageManager);
    await useManager(draft, packageManager);
    if (install) {
      onStep?.(`installing with ${packageManager}`);
      await execute(packageManager, ['install'], { cwd: draft, signal });
    }
    if (git) await execute('git', ['init', '--quiet'], { cwd: draft, signal });
    signal?.throwIfAborted();
    return { name, folder, files: files.length, ...(from !== undefined && { from }) };
  });
}
