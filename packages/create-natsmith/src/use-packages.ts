import { existsSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VENDOR } from './checkout';
import { PACKAGE_MANAGERS, type PackageManager } from './package-manager';

/** Packages, and where each is: a version or `file:` and a path. */
export type Specifiers = Record<string, string>;

// pnpm reads its settings here, and no longer in package.json.
const PNPM_SETTINGS = 'pnpm-workspace.yaml';

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
    ...(manager === 'npm' && { overrides: archives }),
    ...(manager === 'yarn' && { resolutions: archives }),
  }));
  if (manager === 'pnpm') await appendFile(join(folder, PNPM_SETTINGS), pnpmOverrides(archives));
  // An image installs before it gets the sources.
  await changeFile(join(folder, 'Dockerfile'), (text) =>
    text.replace('COPY package*.json ./\n', `$&COPY ${VENDOR} ./${VENDOR}\n`),
  );
}

/** Makes a project, which as a template is for npm, one for another package manager. */
export async function useManager(folder: string, manager: PackageManager): Promise<void> {
  if (manager === 'npm') return;
  const { run, exec, create, image } = PACKAGE_MANAGERS[manager];
  const speak = (text: string): string =>
    text
      .replace(/\bnpm init\b/g, create)
      .replace(/\bnpm run\b/g, run)
      .replace(/\bnpm (test|start|install)\b/g, `${manager} $1`)
      .replace(/\bnpx\b/g, exec);
  await changeFile(join(folder, 'Dockerfile'), (text) =>
    speak(text)
      .replace('WORKDIR /app\n', `$&${'prepare' in image ? `RUN ${image.prepare}\n` : ''}`)
      .replace('package*.json', image.manifests)
      .replace('npm ci', image.install)
      .replace('npm prune --omit=dev', image.prune),
  );
  for (const file of ['README.md', 'package.json']) await changeFile(join(folder, file), speak);
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

function pnpmOverrides(archives: Specifiers): string {
  const lines = Object.entries(archives).map(([name, specifier]) => `  '${name}': ${specifier}\n`);
  return `overrides:\n${lines.join('')}`;
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
