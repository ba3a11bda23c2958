import { isDeepStrictEqual } from 'node:util';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, useContainer, validate, type ValidationError } from 'class-validator';
import { compileClass } from '../../src/payload/class-validator/compile';
import { violationsIn, type Violation } from '../violations';

export type Target = new () => object;

/** What class-transformer and class-validator make of a payload. */
export type Verdict =
  | { readonly kind: 'valid'; readonly instance: unknown }
  | { readonly kind: 'invalid'; readonly violations: readonly Violation[] }
  | { readonly kind: 'throws'; readonly by: 'transformer' | 'validator' | 'promise' };

/** Asks the libraries, who get a copy of the payload. The violations' paths begin with `path`. */
export async function libraries(target: Target, payload: object, path = ''): Promise<Verdict> {
  let instance: object;
  try {
    instance = plainToInstance(target, copy(payload));
  } catch {
    return { kind: 'throws', by: 'transformer' };
  }
  let errors: Promise<ValidationError[]>;
  try {
    errors = validate(instance, { whitelist: true });
  } catch {
    return { kind: 'throws', by: 'validator' };
  }
  try {
    const violations = violationsIn(await errors, path);
    return violations.length === 0 ? { kind: 'valid', instance } : { kind: 'invalid', violations };
  } catch {
    return { kind: 'throws', by: 'promise' };
  }
}

/** Whether two values cannot be told apart but by the order of their keys. */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return Object.is(one, other);
  if (one instanceof Date && other instanceof Date) return Object.is(one.getTime(), other.getTime());
  if (one instanceof Set || one instanceof Map) return isDeepStrictEqual(one, other);
  const names = Object.getOwnPropertyNames(one).sort();
  return (
    Object.getPrototypeOf(one) === Object.getPrototypeOf(other) &&
    isDeepStrictEqual(names, Object.getOwnPropertyNames(other).sort()) &&
    names.every((name) => isSame((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]))
  );
}

/** Of JSON, with `__proto__` as a property like any other. */
export function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** A payload class, as compiled when the service starts. */
export function compiledReader(target: Target): ((payload: object) => unknown) | undefined {
  return compileClass(target, false, {});
}

/** Runs something, and has class-validator forget the classes that it has made: it looks through all of them each time. */
export async function forgetting(run: () => Promise<void>): Promise<void> {
  const { validationMetadatas, constraintMetadatas } = getMetadataStorage() as unknown as Record<
    string,
    Map<unknown, unknown>
  >;
  const maps = [validationMetadatas!, constraintMetadatas!];
  const before = maps.map((map) => new Set(map.keys()));
  const instances = new Map<unknown, unknown>();
  // The library's own container looks through all that it has, too.
  useContainer({
    get: (constraint) => {
      if (!instances.has(constraint)) instances.set(constraint, new (constraint as Target)());
      return instances.get(constraint) as never;
    },
  });
  try {
    await run();
  } finally {
    for (const [i, map] of maps.entries()) for (const key of map.keys()) if (!before[i]!.has(key)) map.delete(key);
  }
}
