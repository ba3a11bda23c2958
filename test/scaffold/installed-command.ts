import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../docs/markdown';
import { builtCommand } from './packages';

/** create-natsmith as it is installed from a registry: in no checkout. */
export interface InstalledCommand {
  /** The program; run it with node. */
  readonly path: string;
  /** A new empty folder. */
  folder(): Promise<string>;
}

/** Installs the built create-natsmith for the tests of a file, and afterwards removes all that it wrote. */
export function useInstalledCommand(): InstalledCommand {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'natsmith-create-'));
    const modules = join(home, 'node_modules');
    await mkdir(modules);
    for (const name of ['dist', 'templates', 'package.json'])
      await cp(join(builtCommand(), name), join(modules, 'create-natsmith', name), {
        recursive: true,
      });
    for (const name of ['commander', '@clack']) await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));
  return {
    get path() {
      return join(home, 'node_modules/create-natsmith/dist/bin.js');
    },
    folder: () => mkdtemp(join(home, 'folder-')),
  };
}
