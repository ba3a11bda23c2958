import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VENDOR } from './checkout';
import { CLIENT_LIBRARIES, type ClientLibrary } from './client-library';
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
  await changeManifest(folder, (manifest) => withSpecifiers(manifest, (name) => archives[name]));
  await override(folder, archives, manager);
  // An image installs before it gets the sources.
  await changeFile(join(folder, 'Dockerfile'), (text) =>
    text.replace('COPY package*.json ./\n', `$&COPY ${VENDOR} ./${VENDOR}\n`),
  );
}

/** Gives a project its client library. natsmith depends on `nats`: another one is installed in the place of that. */
export async function useClientLibrary(folder: string, library: ClientLibrary, manager: PackageManager): Promise<void> {
  if (library === 'nats') return;
  const { version } = CLIENT_LIBRARIES[library];
  await changeManifest(folder, (manifest) => ({
    ...manifest,
    dependencies: { [library]: version, ...manifest.dependencies },
  }));
  await override(folder, { nats: `npm:${library}@${version}` }, manager);
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

/** Says what is installed in the place of what packages depend on. */
async function override(folder: string, specifiers: Specifiers, manager: PackageManager): Promise<void> {
  if (manager === 'pnpm') {
    const path = join(folder, PNPM_SETTINGS);
    const settings = existsSync(path) ? await readFile(path, 'utf8') : 'overrides:\n';
    const lines = Object.entries(specifiers).map(([name, specifier]) => `  '${name}': ${specifier}\n`);
    return writeFile(path, settings + lines.join(''));
  }
  const field = manager === 'npm' ? 'overrides' : 'resolutions';
  await changeManifest(folder, (manifest) => ({
    ...manifest,
    [field]: { ...(manifest[field] as Specifiers | undefined), ...specifiers },
  }));
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
