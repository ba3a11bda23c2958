import { Buffer } from '../platform/node';
import { effortProblem, sizeProblem } from '../body/json-limits';
import { abandonPromises, isThenable } from '../body/thenable';
import { errorNamed } from '../services/error-catalogue';
import { ServiceError } from '../services/service-error';
import { classLibraries } from './class-libraries';
import type { ItemType } from './payload-type';
import type { StandardResult, StandardSchema } from './standard-schema';
import { invalidPayload, violationsIn, violationsOf, type Violation } from './violation';

/**
 * Gives a decoded value as a handler gets it, or a promise of it; throws a 400 with its violations.
 * @param size bytes of the body that the value comes from
 */
export type PayloadCheck = (value: unknown, size: number) => unknown;

/** The constructors that stand for primitive types, and what `typeof` says of their values. */
export const PRIMITIVES: ReadonlyMap<unknown, PrimitiveName> = new Map<unknown, PrimitiveName>([
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
  if (Array.isArray(type)) {
    const [item] = type as [Constructor];
    const primitiveItem = PRIMITIVES.get(item);
    return primitiveItem === undefined ? classCheck(item, true) : primitivesCheck(primitiveItem);
  }
  return classCheck(type as Constructor, false);
}

/** Why no payload of a type can be checked, and what to do; undefined when each can. */
export function payloadProblem(type: ItemType): string | undefined {
  if (type === 'unchecked' || type === Uint8Array || type === Buffer || isStandardSchema(type)) return undefined;
  const target = (Array.isArray(type) ? (type as [Constructor])[0] : type) as Constructor;
  if (PRIMITIVES.has(target) || libraries(target).hasValidators(target)) return undefined;
  return (
    `has the payload class ${target.name || 'without a name'} without a single validation decorator, so nothing could be ` +
    'checked and everything would be removed; decorate its properties with class-validator, take a schema (zod, ' +
    'valibot, arktype), or give it its type alone: event(subject, unchecked<Type>())'
  );
}

/** Whether a value is a Standard Schema; some libraries' schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value;
}

type Constructor = new () => object;
type PrimitiveName = 'string' | 'number' | 'boolean';

/** Each item of an array is a primitive. */
export function primitivesCheck(type: PrimitiveName): PayloadCheck {
  return (value) => {
    if (!Array.isArray(value))
      throw invalidPayload([{ path: '', constraints: { isArray: 'payload must be an array' } }]);
    const violations: Violation[] = [];
    for (const [index, item] of value.entries())
      if (typeof item !== type)
        violations.push({ path: `[${index}]`, constraints: { type: `item must be a ${type}` } });
    if (violations.length > 0) throw invalidPayload(violations);
    return value as unknown[];
  };
}

/** Checks that a payload is a primitive of this type; strings, numbers and booleans are not converted. */
export function primitiveCheck(type: PrimitiveName): PayloadCheck {
  return (value) => {
    if (typeof value === type) return value;
    throw invalidPayload([{ path: '', constraints: { type: `payload must be a ${type}` } }]);
  };
}

/** A schema that is asynchronous gives a promise; what only looks like one is waited for as well. */
export function schemaCheck(schema: StandardSchema): PayloadCheck {
  const { validate, vendor } = schema['~standard'];
  const finish = (result: StandardResult<unknown>): unknown => {
    if (result.issues === undefined) return result.value;
    throw invalidPayload(violationsIn(result.issues, vendor));
  };
  return (value) => {
    const result = validate(value);
    return isThenable(result) ? Promise.resolve(result).then(finish) : finish(result);
  };
}

function classCheck(target: Constructor, array: boolean): PayloadCheck {
  const { plainToInstance, validate } = libraries(target);
  const check = async (
    value: unknown,
    path: readonly number[],
  ): Promise<{ instance?: object; violations: Violation[] }> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { violations: [notObject(path)] };
    const instance = asked(() => plainToInstance(target, value), 'transformed');
    abandonPromises(instance);
    const errors = await asked(() => validate(instance, { whitelist: true }), 'validated');
    return { instance, violations: violationsOf(errors, path) };
  };
  return async (value, size) => {
    // Nobody else is served while the libraries look at it.
    const problem = sizeProblem(value) ?? effortProblem(value, size);
    if (problem !== undefined) throw errorNamed('bodyLimit', { problem });
    if (!array) {
      // An empty body, where the class accepts an object without properties.
      const isEmpty = value === undefined;
      const { instance, violations } = await check(isEmpty ? {} : value, []);
      if (violations.length > 0) throw invalidPayload(isEmpty ? [notObject([])] : violations);
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

function notObject(path: readonly number[]): Violation {
  const [index] = path;
  return index === undefined
    ? { path: '', constraints: { isObject: 'payload must be an object' } }
    : { path: `[${index}]`, constraints: { isObject: 'item must be an object' } };
}

/** What is asked of the user's decorators, which may throw at a payload that they did not expect. */
function asked<T>(ask: () => T, what: 'transformed' | 'validated'): T {
  try {
    return ask();
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw errorNamed(what === 'transformed' ? 'notTransformed' : 'notValidated', undefined, { cause });
  }
}

function libraries(target: Constructor): ReturnType<typeof classLibraries> {
  try {
    return classLibraries();
  } catch (cause) {
    throw errorNamed('notCheckable', { name: target.name }, { cause });
  }
}
