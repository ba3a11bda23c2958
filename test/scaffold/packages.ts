import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../docs/markdown';

/** A package as npm would publish it. */
export interface PackedPackage {
  readonly name: string;
  readonly version: string;
  /** Its archive. */
  readonly path: string;
  readonly integrity: string;
  readonly manifest: object;
}

/** The built create-natsmith. @throws Error when this checkout is not built */
export function builtCommand(): string {
  const folder = join(ROOT, 'packages/create-natsmith');
  if (!existsSync(join(folder, 'dist/bin.js'))) throw new Error('the packages are not built: npm run build');
  return folder;
}

/** Packs every public package of this checkout. @throws Error when it is not built */
export function packAll(folder: string): PackedPackage[] {
  builtCommand();
  const manifests = readdirSync(join(ROOT, 'packages'))
    .map((name) => join(ROOT, 'packages', name, 'package.json'))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as { name: string; version: string; private?: boolean })
    .filter((manifest) => manifest.private !== true);
  const chosen = manifests.flatMap(({ name }) => ['-w', name]);
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder, ...chosen], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as { name: string; filename: string; integrity: string }[];
  return packed.map(({ name, filename, integrity }) => {
    const manifest = manifests.find((each) => each.name === name)!;
    return { name, version: manifest.version, path: join(folder, filename), integrity, manifest };
  });
}
