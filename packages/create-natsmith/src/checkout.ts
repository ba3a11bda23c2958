import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execute } from './execute';

/** The folder of a project that holds packages of a checkout. */
export const VENDOR = 'vendor';

interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly main: string;
}

/** The checkout that this program runs in, or undefined when it was installed from a registry. */
export function ownCheckout(): string | undefined {
  const root = resolve(__dirname, '../../..');
  return isCheckout(root) ? root : undefined;
}

/**
 * Packs what a checkout has under `@natsmith/` into the project's folder `vendor`.
 * @returns where each package is, as package.json says it: `{ '@natsmith/core': 'file:vendor/natsmith-core-0.1.0.tgz' }`
 * @throws Error when the folder is not a checkout, or was not built
 */
export async function packCheckout(
  checkout: string,
  project: string,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  if (!isCheckout(checkout)) throw new Error(`${checkout} is not a checkout of natsmith: it has no packages/core`);
  const packages = packagesOf(checkout);
  const unbuilt = packages.find(({ folder, main }) => !existsSync(join(folder, main)));
  if (unbuilt) throw new Error(`${unbuilt.name} is not built: run "npm run build" in ${checkout}`);
  const vendor = join(project, VENDOR);
  await mkdir(vendor);
  const chosen = packages.flatMap(({ name }) => ['-w', name]);
  await execute('npm', ['pack', '--silent', '--pack-destination', vendor, ...chosen], { cwd: checkout, signal });
  return Object.fromEntries(packages.map(({ name, version }) => [name, `file:${VENDOR}/${archiveOf(name, version)}`]));
}

function isCheckout(folder: string): boolean {
  return existsSync(join(folder, 'packages/core/package.json'));
}

function packagesOf(checkout: string): (PackageManifest & { folder: string })[] {
  const home = join(checkout, 'packages');
  return readdirSync(home)
    .map((name) => join(home, name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageManifest;
      return { ...manifest, folder };
    })
    .filter(({ name }) => name.startsWith('@natsmith/'));
}

/** As npm names what it packs. */
function archiveOf(name: string, version: string): string {
  return `${name.slice(1).replace('/', '-')}-${version}.tgz`;
}
