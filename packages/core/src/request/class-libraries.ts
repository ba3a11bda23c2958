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

/** What class-transformer's decorators left; it does not export it, and those who build on it read it here. */
export function transformerStorage() {
  const { defaultMetadataStorage } = require('class-transformer/cjs/storage') as typeof ClassTransformerStorage;
  return defaultMetadataStorage;
}
/* eslint-enable @typescript-eslint/no-require-imports */
