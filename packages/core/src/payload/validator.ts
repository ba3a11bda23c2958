import {
  abandonPromises,
  effortProblem,
  errorNamed,
  invalidPayload,
  MAX_ARRAY_ITEMS,
  type PayloadCheck as Validate,
  type PayloadViolation,
  primitiveCheck,
  primitivesCheck,
  schemaCheck,
  ServiceError,
  sizeProblem,
  violationsOf,
} from '@natsmith/protocol';
import type { ValidationError, ValidatorOptions } from 'class-validator';
import type { Class } from '../define/options';
import type { Payload } from './payload';
import { classTransformerLibrary, classValidatorLibrary, validationExecutor } from './class-validator/load';
import { compileClass } from './class-validator/compile';

export type { ValidatorOptions } from 'class-validator';
export type { PayloadCheck as Validate } from '@natsmith/protocol';

/** Chooses how an endpoint's payloads are validated; undefined where they are taken as they are. */
export function validatorFor(payload: Payload, options: ValidatorOptions = {}): Validate | undefined {
  switch (payload.kind) {
    case 'none':
    case 'unchecked':
    case 'bytes':
      return undefined;
    case 'primitive':
      return payload.array ? primitivesCheck(payload.type) : primitiveCheck(payload.type);
    case 'schema':
      return schemaCheck(payload.schema);
    case 'class':
      return classValidator(payload.class, payload.array, options);
    case 'stream':
      return validatorFor(payload.item, options);
  }
}

/** Whether class-validator knows of a decorator on the class; loads nothing when no class has any. */
export function hasValidators(target: Class): boolean {
  if (!('classValidatorMetadataStorage' in globalThis)) return false;
  const { getMetadataStorage } = classValidatorLibrary();
  return getMetadataStorage().getTargetValidationMetadatas(target, '', false, false).length > 0;
}

function classValidator(target: Class, array: boolean, options: ValidatorOptions): Validate {
  const { getFromContainer, Validator } = classValidatorLibrary();
  const Executor = validationExecutor();
  const { plainToInstance } = classTransformerLibrary();
  const settings: ValidatorOptions = { whitelist: true, ...options };
  const isRightShape = array ? Array.isArray : (value: unknown) => !Array.isArray(value);
  const shape: Record<string, string> = array
    ? { isArray: 'payload must be an array' }
    : { isObject: 'payload must be an object' };

  const transform = (value: object): unknown => {
    try {
      const made = plainToInstance(target as new () => object, value);
      abandonPromises(made);
      return made;
    } catch (cause) {
      if (cause instanceof ServiceError) throw cause;
      // A @Transform that trips over what it did not expect: the payload is at fault.
      throw errorNamed('notTransformed', undefined, { cause });
    }
  };

  const check = async (instance: object): Promise<ValidationError[]> => {
    const executor = new Executor(getFromContainer(Validator), settings);
    const errors: ValidationError[] = [];
    try {
      executor.execute(instance, '', errors);
    } catch (cause) {
      // Nobody waits any more for the validators that have begun, and one that rejects is not to end the process.
      for (const begun of executor.awaitingPromises as Promise<unknown>[]) begun.catch(() => undefined);
      if (cause instanceof ServiceError) throw cause;
      // Some of class-validator's own do so at half a surrogate pair or at 1e-7. What rejects later is another matter:
      // it has asked somebody, and that may have failed.
      throw errorNamed('notValidated', undefined, { cause });
    }
    await Promise.all(executor.awaitingPromises);
    return executor.stripEmptyErrors(errors);
  };

  /** The libraries decide, and say what is wrong. */
  const decide = async (value: object): Promise<unknown> => {
    const instance = transform(value);
    const violations: PayloadViolation[] = [];
    if (!array) violations.push(...violationsOf(await check(instance as object)));
    else
      for (const [index, item] of (instance as unknown[]).entries()) {
        if (typeof item !== 'object' || item === null || Array.isArray(item))
          violations.push({ path: `[${index}]`, constraints: { isObject: 'item must be an object' } });
        else violations.push(...violationsOf(await check(item), [index]));
      }
    if (violations.length > 0) throw invalidPayload(violations);
    return instance;
  };

  /** Of an empty body, where the class accepts an object without properties. */
  const emptyInstance = async (): Promise<unknown> => {
    try {
      return await decide({});
    } catch (error) {
      throw error instanceof ServiceError && error.code === 400 ? wrongShape() : error;
    }
  };
  const wrongShape = (): ServiceError => invalidPayload([{ path: '', constraints: shape }]);

  const compiled = compileClass(target, array, options);
  return (value, size) => {
    if (typeof value !== 'object' || value === null || !isRightShape(value)) {
      if (value === undefined && !array) return emptyInstance();
      throw wrongShape();
    }
    // A value takes a byte at least, whatever the codec.
    const tooLarge = size > MAX_ARRAY_ITEMS ? sizeProblem(value) : undefined;
    if (tooLarge !== undefined) throw errorNamed('bodyLimit', { problem: tooLarge });
    let payload: unknown;
    try {
      payload = compiled?.(value);
    } catch {
      // A validator that throws; it does so again below, where it is known what to make of it.
    }
    if (payload !== undefined) return payload;
    const tooMuch = effortProblem(value, size);
    if (tooMuch !== undefined) throw errorNamed('bodyLimit', { problem: tooMuch });
    return decide(value);
  };
}
