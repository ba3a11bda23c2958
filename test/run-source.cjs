/* global __dirname */
// Runs a TypeScript file, compiled as the test runner compiles it, under any runtime: node run-source.cjs x.ts
// A main program and no hook of the runtime's own: Bun and Deno would compile the file as they see fit.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join, resolve: resolvePath } = require('node:path');
const { transformSync } = require('@swc/core');

const PACKAGES = join(__dirname, '../packages');

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    swcrc: false,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'commonjs' },
  });
  module._compile(code, filename);
};

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const name = /^@natsmith\/([^/]+)$/.exec(request)?.[1];
  return resolve.call(this, name === undefined ? request : join(PACKAGES, name, 'src/index.ts'), ...rest);
};

require(resolvePath(process.argv[2]));
