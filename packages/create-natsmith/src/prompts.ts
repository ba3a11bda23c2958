import { CLIENT_LIBRARIES, CLIENT_LIBRARY_NAMES } from './client-library';
import { folderProblem } from './create-project';
import type { Choices } from './choices';
import { PACKAGE_MANAGER_NAMES } from './package-manager';
import { TEMPLATE_NAMES, TEMPLATES } from './templates';

/** Somebody left the questions. */
export class Cancelled extends Error {}

/** Asks for what was not said, in a terminal. */
export async function askFor(given: Partial<Choices>, defaultsFor: (folder: string) => Choices): Promise<Choices> {
  // An ES module, which CommonJS can only load like this.
  const { text, select, confirm, isCancel } = await import('@clack/prompts');
  const answer = <T>(value: T): Exclude<T, symbol> => {
    if (isCancel(value)) throw new Cancelled('cancelled; nothing was written');
    return value as Exclude<T, symbol>;
  };
  const suggested = defaultsFor('my-service').folder;

  const folder =
    given.folder ??
    answer(
      await text({
        message: 'Name of the project, and of its folder',
        placeholder: suggested,
        defaultValue: suggested,
        validate: (value) => folderProblem(value || suggested),
      }),
    );
  const defaults = defaultsFor(folder);
  const template =
    given.template ??
    answer(
      await select({
        message: 'Template',
        initialValue: defaults.template,
        options: TEMPLATE_NAMES.map((value) => ({ value, label: value, hint: TEMPLATES[value].summary })),
      }),
    );
  const packageManager =
    given.packageManager ??
    answer(
      await select({
        message: 'Package manager',
        initialValue: defaults.packageManager,
        options: PACKAGE_MANAGER_NAMES.map((value) => ({ value, label: value })),
      }),
    );
  const clientLibrary =
    given.clientLibrary ??
    answer(
      await select({
        message: 'Client library',
        initialValue: defaults.clientLibrary,
        options: CLIENT_LIBRARY_NAMES.map((value) => ({ value, label: value, hint: CLIENT_LIBRARIES[value].summary })),
      }),
    );
  const install =
    given.install ??
    answer(await confirm({ message: `Install now with ${packageManager}?`, initialValue: defaults.install }));
  const git = given.git ?? answer(await confirm({ message: 'Make it a git repository?', initialValue: defaults.git }));
  return { ...given, folder, template, packageManager, clientLibrary, install, git };
}
