import { relative } from 'node:path';
import type { Choices } from './choices';
import type { CreatedProject } from './create-project';
import { PACKAGE_MANAGERS } from './package-manager';
import { TEMPLATES } from './templates';
import { ownVersion } from './version';

/** What was done, and what to type next. */
export function nextSteps(choices: Choices, { name, folder, files, from }: CreatedProject): string {
  const { packageManager: manager, template, install, git } = choices;
  const { run, add, exec } = PACKAGE_MANAGERS[manager];
  const { call } = TEMPLATES[template];
  const path = relative(process.cwd(), folder);
  const done = [
    `${files} files of the template "${template}"`,
    install && `installed with ${manager}`,
    git && 'a git repository',
  ];
  const commands = [path !== '' && `cd ${path}`, !install && `${manager} install`, `${run} dev`];
  return [
    `\nMade ${name}: ${done.filter(Boolean).join(', ')}.`,
    from !== undefined &&
      `natsmith itself comes from ${from}, packed into the folder "vendor". Add more of its packages from there:\n` +
        `  ${add} ./vendor/natsmith-jetstream-${ownVersion()}.tgz`,
    '\nNext:',
    ...commands.filter(Boolean).map((command) => `  ${command}`),
    call !== undefined && `and in another terminal, there:\n  ${exec} natsmith ${call}`,
    '',
  ]
    .filter((line) => line !== false)
    .join('\n')
    .concat('\n');
}
