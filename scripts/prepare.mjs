// Brings a checkout, a fresh clone too, to where its programs run: the right Node.js, installed, built.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const path = (name) => root + name;

export function prepare() {
  process.chdir(root);
  checkNode();
  install();
  step('build', [path('node_modules/typescript/bin/tsc'), '-b']);
  step('build for browsers', [path('scripts/build-browser.mjs')]);
}

// As a program of its own, before an example starts.
if (process.argv[1] === fileURLToPath(import.meta.url)) prepare();

function checkNode() {
  const { engines } = JSON.parse(readFileSync(path('package.json'), 'utf8'));
  const [major, minor = 0] = /\d+(\.\d+)?/.exec(engines.node)[0].split('.').map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  fail(
    `This needs Node.js ${major}.${minor} or newer, and ${process.execPath} is ${process.version}: get one from https://nodejs.org`,
  );
}

// Once for each package-lock.json: the stamp remembers which one was installed.
function install() {
  const stamp = path('node_modules/.installed');
  const lock = createHash('sha256')
    .update(readFileSync(path('package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  if (!installedByHand()) {
    const npm = process.env.npm_execpath;
    if (!npm) fail('Start this by npm, as in "npm test" or "npm start": it installs what is missing');
    step('install', [npm, 'ci', '--no-progress']);
  }
  writeFileSync(stamp, lock);
}

// npm leaves its own account of what it installed; it counts when package-lock.json is no newer.
function installedByHand() {
  const account = path('node_modules/.package-lock.json');
  return existsSync(account) && statSync(account).mtimeMs >= statSync(path('package-lock.json')).mtimeMs;
}

function step(name, args) {
  const start = Date.now();
  process.stderr.write(`${name} ...`);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  process.stderr.write(` ${((Date.now() - start) / 1000).toFixed(1)} s\n`);
  if (status !== 0) fail(`${stdout}${stderr}\nThe ${name} failed; what went wrong is above.`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
