import type { Config } from 'jest';
import { availableParallelism } from 'node:os';

const config: Config = {
  testEnvironment: 'node',
  // Most suites wait for processes and servers: on few cores one worker for each core would leave them idle.
  maxWorkers: Math.max(6, availableParallelism() - 1),
  // A bound for what hangs, not for what is slow on a busy machine.
  testTimeout: 60_000,
  testMatch: ['<rootDir>/{packages,examples,test}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  // Sources, not dist: a test run never sees a stale build. What the packages ship is tested by test/packages.test.ts.
  moduleNameMapper: {
    '^@natsmith/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^#test/(.*)$': '<rootDir>/test/$1',
  },
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  // These ship ES modules only, which jest cannot load on Node 20 as they are.
  transformIgnorePatterns: ['/node_modules/(?!(arktype|@ark|arkregex|inversify|@inversifyjs)/)'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
};

export default config;
