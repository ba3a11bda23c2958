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
  const choose = async <Value extends string>(
    message: string,
    initialValue: Value,
    values: readonly Value[],
    hintOf?: (value: Value) => string,
  ): Promise<Value> => {
    const options = values.map((value) => ({ value, label: value, ...(hintOf && { hint: hintOf(value) }) }));
    return answer(await select<string>({ message, initialValue, options })) as Value;
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
    given.template ?? (await choose('Template', defaults.template, TEMPLATE_NAMES, (name) => TEMPLATES[name].summary));
  const packageManager =
    given.packageManager ?? (await choose('Package manager', defaults.packageManager, PACKAGE_MANAGER_NAMES));
  const clientLibrary =
    given.clientLibrary ??
    (await choose(
      'Client library',
      defaults.clientLibrary,
      CLIENT_LIBRARY_NAMES,
      (name) => CLIENT_LIBRARIES[name].summary,
    ));
  const install =
    given.install ??
    answer(await confirm({ message: `Install now with ${packageManager}?`, initialValue: defaults.install }));
  const git = given.git ?? answer(await confirm({ message: 'Make it a git repository?', initialValue: defaults.git }));
  return { ...given, folder, template, packageManager, clientLibrary, install, git };
}
