import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Why a project cannot be written to a folder, or undefined. */
export function targetProblem(target: string): string | undefined {
  try {
    const [first] = readdirSync(target);
    if (first === undefined) return undefined;
    return `${target} is not empty, it holds "${first}": choose another name, or empty it first`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') return `${target} is a file, or lies in one: choose another name`;
    throw error;
  }
}

/**
 * Makes a folder as a whole, or not at all: `fill` gets an empty folder beside it, and what it wrote is moved at the end.
 * @param target must not exist, or be empty
 */
export async function fillFolder<T>(target: string, fill: (draft: string) => Promise<T>): Promise<T> {
  const parent = dirname(target);
  const created = await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(join(parent, `.${basename(target)}-`));
  try {
    const result = await fill(draft);
    await moveContent(draft, target);
    return result;
  } catch (error) {
    if (created !== undefined) await remove(created);
    throw error;
  } finally {
    await remove(draft);
  }
}

// The folder itself stays when it is there: somebody's shell may stand in it.
async function moveContent(draft: string, target: string): Promise<void> {
  const created = await mkdir(target, { recursive: true });
  const moved: string[] = [];
  try {
    for (const name of await readdir(draft)) {
      await rename(join(draft, name), join(target, name));
      moved.push(join(target, name));
    }
  } catch (error) {
    for (const path of created === undefined ? moved : [created]) await remove(path);
    throw error;
  }
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 3 });
}
