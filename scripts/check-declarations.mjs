// The types of the packages, as the compilers of their users read them.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** As the documentation names it. */
const LEAST_TYPESCRIPT = '5.7.3';
const SHOP = fileURLToPath(new URL('../test/consumer/shop.ts', import.meta.url));

const basis = { strict: true, noEmit: true, target: 'es2022', types: ['node'] };
const strictest = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: true };
const experimental = { experimentalDecorators: true, emitDecoratorMetadata: true };
/** For whom each file is compiled for itself. */
const isolated = { isolatedModules: true, verbatimModuleSyntax: true, declaration: true, isolatedDeclarations: true };

/** How users compile a module of theirs; `type` is that of their package.json. */
const USERS = {
  'nodenext, CommonJS': { type: 'commonjs', options: { module: 'nodenext', ...experimental } },
  'nodenext, ES modules': { type: 'module', options: { module: 'nodenext', ...experimental, ...isolated } },
  'nodenext, standard decorators': { type: 'module', options: { module: 'nodenext', ...isolated } },
  'node16, CommonJS': { type: 'commonjs', options: { module: 'node16' } },
  'node16, ES modules': { type: 'module', options: { module: 'node16', ...experimental, ...isolated } },
  bundler: { type: 'module', options: { module: 'esnext', moduleResolution: 'bundler', ...isolated } },
  'bundler, preserve': { type: 'commonjs', options: { module: 'preserve', ...experimental } },
  'bundler, for browsers': {
    type: 'module',
    options: { module: 'esnext', moduleResolution: 'bundler', customConditions: ['browser'], ...isolated },
  },
};

/**
 * What is wrong with the declarations: with the least TypeScript that the documentation names, and by each way of users.
 * @param scratch a folder in whose node_modules the packages are
 */
export function declarationProblems(scratch, packages) {
  // Not among the dependencies: as one it would take the place of the command "tsc".
  const pack = ['pack', '--silent', '--pack-destination', scratch, `typescript@${LEAST_TYPESCRIPT}`];
  const npm = process.env.npm_execpath;
  execFileSync(npm ? process.execPath : 'npm', npm ? [npm, ...pack] : pack, { stdio: 'ignore' });
  execFileSync('tar', ['-xzf', join(scratch, `typescript-${LEAST_TYPESCRIPT}.tgz`), '-C', scratch]);
  const names = packages.filter(({ types }) => types !== undefined).map(({ name }) => name);
  const all = names.map((name, i) => `export * as package${i} from '${name}';\n`).join('');
  const wholly = { ...basis, ...experimental, module: 'nodenext' };
  return [
    compile(scratch, 'all of it', 'commonjs', wholly, (path) => writeFileSync(path, all)),
    ...Object.entries(USERS).map(([name, { type, options }]) =>
      compile(scratch, name, type, { ...basis, ...strictest, ...options }, (path) => copyFileSync(SHOP, path)),
    ),
  ].filter((problem) => problem !== undefined);
}

function compile(scratch, name, type, compilerOptions, writeModule) {
  const folder = join(scratch, name.replace(/\W+/g, '-'));
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['module.ts'] }));
  writeModule(join(folder, 'module.ts'));
  try {
    execFileSync(process.execPath, [join(scratch, 'package/lib/tsc.js')], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return undefined;
  } catch (error) {
    return `the declarations do not compile with TypeScript ${LEAST_TYPESCRIPT} (${name}):\n${error.stdout || error.stderr}`;
  }
}
