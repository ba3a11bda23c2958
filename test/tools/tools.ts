import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a project is compiled, perhaps bundled, and run by the tools of its users. */
export interface Tool {
  readonly name: string;
  /** Whether the compiler writes down the types of parameters; else `request` names them. */
  readonly emitsMetadata: boolean;
  /** Of the project, beside main.ts and tsconfig.json; by their names. */
  readonly files?: Record<string, string>;
  /** Of package.json. */
  readonly type?: 'module';
  /** One after the other: a file of the project or of an installed tool, run by Node.js; or one of the `PROGRAMS`. */
  readonly commands: readonly (readonly string[])[];
}

/** What is run as it is: other runtimes, and what a project is built into. */
export const PROGRAMS = ['bun', 'deno', './shop'] as const;

const bundle = (bundler: string): string[] => ['bundle.mjs', bundler];
const config = (value: object): string => `module.exports = ${JSON.stringify(value)};\n`;

const SWC = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
};

const withJest = (transform: string, options: object): Pick<Tool, 'files' | 'commands'> => ({
  files: {
    'jest.config.js': config({
      testEnvironment: 'node',
      testMatch: ['<rootDir>/*.spec.ts'],
      transform: { '\\.ts$': [transform, options] },
    }),
  },
  commands: runJest,
});

const babel = (...plugins: string[]): object => ({
  configFile: false,
  babelrc: false,
  plugins: [
    ...plugins,
    ['@babel/plugin-transform-typescript', { allowDeclareFields: true }],
    ['@babel/plugin-proposal-decorators', { version: 'legacy' }],
    '@babel/plugin-transform-class-properties',
    '@babel/plugin-transform-modules-commonjs',
  ],
});

/** A configuration that the guide shows. */
const shown = (name: string): Record<string, string> => ({
  [name]: readFileSync(join(__dirname, 'configurations', name), 'utf8'),
});
const runJest = [['jest/bin/jest.js', '--testTimeout=60000', '--testMatch=**/*.spec.ts']];
const runVitest = [['vitest/vitest.mjs', 'run', '--globals', '--testTimeout=60000', 'main.spec.ts']];
const esbuild = (name: string, bundler: string): Tool => ({
  name,
  emitsMetadata: false,
  commands: [bundle(bundler), ['bundle.cjs']],
});

export const tools: readonly Tool[] = [
  { name: 'tsc', emitsMetadata: true, commands: [['typescript/bin/tsc'], ['main.js']] },
  {
    name: 'tsc, ES modules',
    emitsMetadata: true,
    type: 'module',
    commands: [['typescript/bin/tsc'], ['main.js']],
  },
  { name: 'ts-node', emitsMetadata: true, commands: [['-r', 'ts-node/register', 'main.ts']] },
  {
    name: 'swc',
    emitsMetadata: true,
    files: {
      'compile.cjs': `require('node:fs').writeFileSync('main.js', require('@swc/core').transformFileSync('main.ts', ${JSON.stringify({ ...SWC, module: { type: 'commonjs' } })}).code);\n`,
    },
    commands: [['compile.cjs'], ['main.js']],
  },
  { name: 'tsx', emitsMetadata: false, commands: [['--import', 'tsx', 'main.ts']] },
  { name: 'tsx, ES modules', emitsMetadata: false, type: 'module', commands: [['--import', 'tsx', 'main.ts']] },
  { name: 'jest with ts-jest', emitsMetadata: true, ...withJest('ts-jest', {}) },
  { name: 'jest with @swc/jest', emitsMetadata: true, files: shown('jest.config.js'), commands: runJest },
  {
    name: 'jest with babel and babel-plugin-transform-typescript-metadata',
    emitsMetadata: true,
    ...withJest('babel-jest', babel('babel-plugin-transform-typescript-metadata')),
  },
  { name: 'jest with babel', emitsMetadata: false, ...withJest('babel-jest', babel()) },
  {
    name: 'vitest',
    emitsMetadata: false,
    commands: runVitest,
  },
  {
    name: 'vitest with unplugin-swc',
    emitsMetadata: true,
    files: shown('vitest.config.mjs'),
    commands: runVitest,
  },
  { name: 'webpack with ts-loader', emitsMetadata: true, commands: [bundle('webpack'), ['bundle.cjs']] },
  {
    name: 'Rollup with @rollup/plugin-typescript',
    emitsMetadata: true,
    commands: [bundle('Rollup'), ['bundle.mjs']],
  },
  { name: 'Vite SSR', emitsMetadata: false, commands: [bundle('Vite SSR'), ['bundle.mjs']] },
  esbuild('esbuild, bundle', 'esbuild'),
  esbuild('esbuild, bundle with ES modules first', 'esbuild, ES modules first'),
  {
    name: "Node's single executable",
    emitsMetadata: false,
    commands: [bundle('esbuild'), ['executable.mjs'], ['./shop']],
  },
  { name: 'Bun', emitsMetadata: true, commands: [['bun', 'main.ts']] },
  {
    name: 'Bun, bundle',
    emitsMetadata: true,
    commands: [
      ['bun', 'build', 'main.ts', '--target=bun', '--outfile=bundle.js'],
      ['bun', 'bundle.js'],
    ],
  },
  {
    name: "Bun's executable",
    emitsMetadata: true,
    commands: [['bun', 'build', 'main.ts', '--compile', '--outfile=shop'], ['./shop']],
  },
  { name: 'Deno', emitsMetadata: true, commands: [['deno', 'run', '--allow-all', 'main.ts']] },
];
