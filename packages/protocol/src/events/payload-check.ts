import type * as ClassTransformer from 'class-transformer';
import type * as ClassValidator from 'class-validator';
import { ServiceError } from '../services/service-error';
import type { ItemType } from './payload-type';
import type { StandardSchema } from './standard-schema';
import { invalidPayload, violationsIn, violationsOf, type Violation } from './violation';

/** Gives a decoded value as a handler gets it, or a promise of it; throws a 400 with its violations. */
export type PayloadCheck = (value: unknown) => unknown;

const PRIMITIVES = new Map<unknown, 'string' | 'number' | 'boolean'>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
]);

/** How payloads of a type are checked where no service runs: by publishers and by subscribers in clients. */
export function payloadCheck(type: ItemType): PayloadCheck {
  if (type === 'unchecked' || type === Uint8Array || type === Buffer) return (value) => value;
  const primitive = PRIMITIVES.get(type);
  if (primitive !== undefined) return primitiveCheck(primitive);
  if (isStandardSchema(type)) return schemaCheck(type);
  if (Array.isArray(type)) return classCheck((type as [Constructor])[0], true);
  return classCheck(type as Constructor, false);
}

/** Whether a value is a Standard Schema; some libraries' schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value;
}

type Constructor = new () => object;

function primitiveCheck(type: 'string' | 'number' | 'boolean'): PayloadCheck {
  return (value) => {
    if (typeof value === type) return value;
    throw invalidPayload([{ path: '', constraints: { type: `payload must be a ${type}` } }]);
  };
}

function schemaCheck(schema: StandardSchema): PayloadCheck {
  return async (value) => {
    const { validate, vendor } = schema['~standard'];
    const result = await validate(value);
    if (result.issues === undefined) return result.value;
    throw invalidPayload(violationsIn(result.issues, vendor));
  };
}

function classCheck(target: Constructor, array: boolean): PayloadCheck {
  const { plainToInstance, validate } = libraries(target);
  const check = async (
    value: unknown,
    path: readonly number[],
  ): Promise<{ instance?: object; violations: Violation[] }> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return {
        violations: [
          { path: path.map((index) => `[${index}]`).join(''), constraints: { isObject: 'must be an object' } },
        ],
      };
    const instance = plainToInstance(target, value);
    return { instance, violations: violationsOf(await validate(instance, { whitelist: true }), path) };
  };
  return async (value) => {
    if (!array) {
      const { instance, violations } = await check(value, []);
      if (violations.length > 0) throw invalidPayload(violations);
      return instance;
    }
    if (!Array.isArray(value))
      throw invalidPayload([{ path: '', constraints: { isArray: 'payload must be an array' } }]);
    const items = await Promise.all(value.map((item, index) => check(item, [index])));
    const violations = items.flatMap((item) => item.violations);
    if (violations.length > 0) throw invalidPayload(violations);
    return items.map(({ instance }) => instance);
  };
}

/** Loaded only for events whose type is a class: its decorators have loaded class-validator already. */
function libraries(target: Constructor): {
  plainToInstance: typeof ClassTransformer.plainToInstance;
  validate: typeof ClassValidator.validate;
} {
  try {
    /* eslint-disable @typescript-eslint/no-require-imports */
    const { plainToInstance } = require('class-transformer') as typeof ClassTransformer;
    const { validate } = require('class-validator') as typeof ClassValidator;
    /* eslint-enable @typescript-eslint/no-require-imports */
    return { plainToInstance, validate };
  } catch (cause) {
    throw new ServiceError(
      500,
      `payloads of class ${target.name} are checked by class-validator and class-transformer, which cannot be loaded: install both`,
      { cause },
    );
  }
}
