import { cp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { TemplateName } from './templates';

/**
 * Copies a template into a folder, and gives it the project's name wherever it says its own.
 * @returns the written files
 */
export async function writeTemplate(template: TemplateName, name: string, folder: string): Promise<string[]> {
  const source = resolve(__dirname, '../templates', template);
  // What building and testing a template leaves behind in a checkout is not part of it.
  const isTemplate = (path: string): boolean => !/^[\\/](node_modules|dist)$/.test(path.slice(source.length));
  await cp(source, folder, { recursive: true, filter: isTemplate });
  const { name: own } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { name: string };
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files) await writeFile(file, (await readFile(file, 'utf8')).replaceAll(own, name));
  // npm packs no .gitignore, so templates say _gitignore.
  for (const ignore of ['gitignore', 'dockerignore'])
    if (files.includes(join(folder, `_${ignore}`)))
      await rename(join(folder, `_${ignore}`), join(folder, `.${ignore}`));
  return files;
}
