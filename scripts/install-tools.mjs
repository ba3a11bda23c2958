// node scripts/install-tools.mjs: installs what test/tools/package.json names into .cache/tools, once, and prints that
// folder. What the repository itself depends on is found above it, and is not installed again.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const wanted = fileURLToPath(new URL('../test/tools', import.meta.url));
const folder = fileURLToPath(new URL('../.cache/tools', import.meta.url));
// npm writes it last, so that an installation that was broken off is made again.
const installed = join(folder, 'node_modules/.package-lock.json');
const lock = join(wanted, 'package-lock.json');
const copy = join(folder, 'package-lock.json');

if (!existsSync(installed) || !existsSync(copy) || !readFileSync(copy).equals(readFileSync(lock))) install();
console.log(folder);

function install() {
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  copyFileSync(join(wanted, 'package.json'), join(folder, 'package.json'));
  copyFileSync(lock, copy);
  const npm = process.env.npm_execpath;
  const [program, ...args] = [...(npm ? [process.execPath, npm] : ['npm']), 'ci', '--legacy-peer-deps', '--no-audit'];
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return;
  console.error(`${wanted}/package.json could not be installed:\n${stdout ?? ''}${stderr ?? error}`);
  process.exit(1);
}
