// npm run check:packages: packs every public package as npm would publish it, and uses what comes out of the archives.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declarationProblems } from './check-declarations.mjs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const packages = fileURLToPath(new URL('../packages', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'natsmith-packages-'));
const tools = execFileSync(process.execPath, [fileURLToPath(new URL('install-tools.mjs', import.meta.url))], {
  encoding: 'utf8',
}).trim();
const problems = [];

try {
  const all = readdirSync(packages).map((folder) => readPackage(join(packages, folder)));
  const open = all.filter((manifest) => !manifest.private);
  for (const manifest of open) await checkArchive(manifest);
  for (const manifest of open) linkDependencies(manifest);
  for (const { name } of open) checkImports(name);
  for (const dependency of ['@types/node', 'undici-types', 'nats', '@nats-io/transport-node', 'zod'])
    linkInto(scratch, dependency, installed(dependency, packages));
  problems.push(...declarationProblems(scratch, open));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);

function readPackage(folder) {
  return { folder, ...JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) };
}

async function checkArchive({ name, folder, exports }) {
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true });
  // The map of "browser" is for files inside the package, which "exports" cannot name.
  for (const message of messages.filter(({ code }) => code !== 'USE_EXPORTS_OR_IMPORTS_BROWSER'))
    problems.push(`${name}: ${formatMessage(message, pkg, { color: false })}`);

  const [{ filename, files, size }] = npm(['pack', '--json', '--pack-destination', scratch], folder);
  const paths = files.map((file) => file.path);
  const forBrowsers =
    exports?.['.'].browser === undefined ? [] : ['dist/browser/index.mjs', 'dist/browser/index.d.mts'];
  for (const needed of ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts', ...forBrowsers]) {
    if (!paths.includes(needed)) problems.push(`${name}: ${needed} is not in the archive`);
  }
  for (const path of paths.filter((each) => /\.test\.|tsbuildinfo|^(src|dist)\/.*(test|fixture)s?\//.test(each))) {
    problems.push(`${name}: ${path} does not belong into the archive: see "files" in its package.json`);
  }
  checkTypes(name, join(scratch, filename));
  const home = homeOf(name);
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['-xzf', join(scratch, filename), '--strip-components=1', '-C', home]);
  console.log(`${name}: ${paths.length} files, ${(size / 1024).toFixed(1)} kB`);
}

// By attw: that each kind of module resolution finds the types, and the types of what it runs.
function checkTypes(name, archive) {
  const attw = join(tools, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  try {
    execFileSync(process.execPath, [attw, archive, '--format', 'table-flipped', '--no-color', '--no-emoji'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    problems.push(`${name}: ${error.stdout || error.stderr}`);
  }
}

// In the scratch folder a package finds its declared dependencies and nothing else, as after an install.
function linkDependencies({ name, folder, dependencies = {}, peerDependencies = {} }) {
  for (const dependency of Object.keys({ ...dependencies, ...peerDependencies })) {
    const home = dependency.startsWith('@natsmith/') ? homeOf(dependency) : installed(dependency, folder);
    linkInto(homeOf(name), dependency, home);
  }
}

function linkInto(folder, dependency, home) {
  const link = join(folder, 'node_modules', dependency);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(home, link);
}

function checkImports(name) {
  const required = namesOf(name, `const names = Object.keys(require('${name}'))`, 'commonjs');
  const imported = namesOf(name, `const names = Object.keys(await import('${name}'))`, 'module');
  if (required === undefined || imported === undefined) return;
  if (required.length === 0) problems.push(`${name}: exports nothing`);
  for (const each of required.filter((other) => !imported.includes(other))) {
    problems.push(`${name}: ${each} can be required but not imported by name`);
  }
}

function namesOf(name, code, type) {
  const script = `${code}; console.log(JSON.stringify(names))`;
  try {
    const output = execFileSync(process.execPath, [`--input-type=${type}`, '-e', script], {
      cwd: scratch,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return JSON.parse(output).filter((each) => each !== 'default' && each !== 'module.exports');
  } catch (error) {
    problems.push(`${name}: cannot be loaded as ${type}: ${/^\w*Error.*/m.exec(error.stderr)?.[0] ?? error.stderr}`);
    return undefined;
  }
}

function homeOf(name) {
  return join(scratch, 'node_modules', name);
}

// Where npm put a dependency: beside the package, or in a folder above it.
function installed(dependency, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', dependency);
    if (existsSync(path)) return path;
    if (folder === parse(folder).root)
      throw new Error(`${dependency}, which ${from} depends on, is not installed: npm ci`);
  }
}

function npm(args, cwd) {
  const output = process.env.npm_execpath
    ? execFileSync(process.execPath, [process.env.npm_execpath, ...args], {
        cwd,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    : execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return JSON.parse(output);
}
