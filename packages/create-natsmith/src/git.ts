import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Whether a new folder should become a git repository: git is there, and the folder is in no other repository. */
export function wantsRepository(folder: string): boolean {
  let parent = dirname(resolve(folder));
  while (!existsSync(parent)) parent = dirname(parent);
  const { error, status } = spawnSync('git', ['rev-parse', '--is-inside-work-tree'], { cwd: parent, stdio: 'ignore' });
  return error === undefined && status !== 0;
}
