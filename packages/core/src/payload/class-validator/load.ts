import type * as ClassTransformer from 'class-transformer';
import type * as ClassTransformerStorage from 'class-transformer/types/storage';
import type * as ClassValidator from 'class-validator';
import type * as ClassValidatorExecutor from 'class-validator/types/validation/ValidationExecutor';

// Both libraries take 100 ms to load, so a service without a validated payload never loads them.
/* eslint-disable @typescript-eslint/no-require-imports */
export function classValidatorLibrary() {
  return require('class-validator') as typeof ClassValidator;
}

/** What `validate` of class-validator runs; it does not export it, and loses hold of promises when a validator throws. */
export function validationExecutor() {
  return (require('class-validator/cjs/validation/ValidationExecutor') as typeof ClassValidatorExecutor)
    .ValidationExecutor;
}

export function classTransformerLibrary() {
  return require('class-transformer') as typeof ClassTransformer;
}

/** Where class-transformer's decorators may have left what they know: a bundler takes one of its builds. */
const STORAGES = [
  () => require('class-transformer/cjs/storage') as typeof ClassTransformerStorage,
  () => require('class-transformer/esm5/storage') as typeof ClassTransformerStorage,
  () => require('class-transformer/esm2015/storage') as typeof ClassTransformerStorage,
];
/* eslint-enable @typescript-eslint/no-require-imports */

type TransformerStorage = typeof ClassTransformerStorage.defaultMetadataStorage;

let storage: { readonly found: TransformerStorage | undefined } | undefined;

/**
 * What class-transformer's decorators left, which it does not export; undefined where it cannot be had. The one that is
 * given has shown that the decorators of the library write to it: a bundle may hold several builds, each with its own.
 */
export function transformerStorage(): TransformerStorage | undefined {
  storage ??= { found: findStorage() };
  return storage.found;
}

function findStorage(): TransformerStorage | undefined {
  class Probe {}
  classTransformerLibrary().Exclude()(Probe.prototype, 'probe');
  for (const load of STORAGES) {
    try {
      const { defaultMetadataStorage } = load();
      if ((defaultMetadataStorage.findExcludeMetadata(Probe, 'probe') as unknown) !== undefined)
        return defaultMetadataStorage;
    } catch {
      // Builds for bundlers cannot be loaded without one.
    }
  }
  return undefined;
}
