import type * as ClassTransformer from 'class-transformer';
import type * as ClassValidator from 'class-validator';

/** Loaded only for events whose type is a class: its decorators have loaded class-validator already. */
export function classLibraries(): {
  plainToInstance: typeof ClassTransformer.plainToInstance;
  validate: typeof ClassValidator.validate;
  hasValidators: (target: new () => object) => boolean;
} {
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { plainToInstance } = require('class-transformer') as typeof ClassTransformer;
  const { getMetadataStorage, validate } = require('class-validator') as typeof ClassValidator;
  /* eslint-enable @typescript-eslint/no-require-imports */
  const hasValidators = (target: new () => object): boolean =>
    getMetadataStorage().getTargetValidationMetadatas(target, '', false, false).length > 0;
  return { plainToInstance, validate, hasValidators };
}
