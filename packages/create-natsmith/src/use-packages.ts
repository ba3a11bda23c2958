import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VENDOR } from './checkout';
import type { PackageManager } from './package-manager';

/** Packages, and where each is: a version or `file:` and a path. */
export type Specifiers = Record<string, string>;

interface Manifest {
  dependencies?: Specifiers;
  devDependencies?: Specifiers;
  [field: string]: unknown;
}

/** Gives a project its versions of natsmith's packages, which are `*` in a template. */
export async function useVersion(folder: string, version: string): Promise<void> {
  await changeManifest(folder, (manifest) => withSpecifiers(manifest, () => `^${version}`));
}

/** Gives a project packages that lie in its folder `vendor`, for itself and for what these use of each other. */
export async function useArchives(folder: string, archives: Specifiers, manager: PackageManager): Promise<void> {
  await changeManifest(folder, (manifest) => ({
    ...withSpecifiers(manifest, (name) => archives[name]),
    ...overrides(archives, manager),
  }));
  // An image installs before it gets the sources.
  await changeFile(join(folder, 'Dockerfile'), (text) =>
    text.replace('COPY package*.json ./\n', `$&COPY ${VENDOR} ./${VENDOR}\n`),
  );
}

/** Takes from the Dockerfile what only npm understands: without a package-lock.json, `npm ci` fails. */
export async function useManager(folder: string, manager: PackageManager): Promise<void> {
  if (manager === 'npm') return;
  await changeFile(join(folder, 'Dockerfile'), (text) => text.replace('npm ci', 'npm install'));
}

function withSpecifiers(manifest: Manifest, specifierOf: (name: string) => string | undefined): Manifest {
  const fill = (specifiers: Specifiers | undefined): Specifiers | undefined =>
    specifiers &&
    Object.fromEntries(
      Object.entries(specifiers).map(([name, specifier]) => {
        if (!name.startsWith('@natsmith/')) return [name, specifier];
        const own = specifierOf(name);
        if (own === undefined) throw new Error(`${name} is not among the packages of the checkout`);
        return [name, own];
      }),
    );
  return {
    ...manifest,
    dependencies: fill(manifest.dependencies),
    devDependencies: fill(manifest.devDependencies),
  };
}

function overrides(archives: Specifiers, manager: PackageManager): object {
  switch (manager) {
    case 'npm':
      return { overrides: archives };
    case 'pnpm':
      return { pnpm: { overrides: archives } };
    case 'yarn':
      return { resolutions: archives };
  }
}

function changeManifest(folder: string, change: (manifest: Manifest) => Manifest): Promise<void> {
  return changeFile(
    join(folder, 'package.json'),
    (text) => `${JSON.stringify(change(JSON.parse(text) as Manifest), null, 2)}\n`,
  );
}

async function changeFile(path: string, change: (text: string) => string): Promise<void> {
  if (existsSync(path)) await writeFile(path, change(await readFile(path, 'utf8')));
}
