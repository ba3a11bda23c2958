import type { Class } from '../../define/options';

/** Values of each kind that a payload may hold for a property. */
const PROBES: readonly unknown[] = ['a', 1, true, null, {}, []];

/** Why no instance of a class could be made of a payload, as class-transformer makes them; undefined when one can. */
export function instanceProblem(target: Class, properties: readonly string[]): string | undefined {
  let sample: object;
  try {
    sample = new (target as new () => object)();
  } catch (cause) {
    return (
      `has the payload class ${target.name}, whose constructor throws when it is called without arguments ` +
      `(${messageOf(cause)}), as class-transformer calls it for each payload; ` +
      'let it do with none, and set the properties by the payload alone'
    );
  }
  const fixed = properties.find((property) => isFixed(sample, property));
  if (fixed !== undefined)
    return (
      `has the payload property ${target.name}.${fixed}, which the constructor fixes, so that no payload could set it; ` +
      'leave out Object.freeze, Object.seal and what else makes it read-only'
    );
  const endless = properties.find((property) => failsForAll(target, property));
  if (endless === undefined) return undefined;
  return (
    `has the payload property ${target.name}.${endless}, whose setter fails for every value: it calls itself, or names ` +
    'what is not declared; let it set another property'
  );
}

/** Whether setting a property throws because of how the instance was made. */
function isFixed(sample: object, property: string): boolean {
  const own = Object.getOwnPropertyDescriptor(sample, property);
  if (own !== undefined) return 'value' in own ? own.writable !== true : !hasSetter(own);
  return !Object.isExtensible(sample) && !(property in sample);
}

/** Whether a setter is broken whatever it is given. One that throws errors of its own may only refuse these values. */
function failsForAll(target: Class, property: string): boolean {
  if (!isSet(target.prototype as object, property)) return false;
  return PROBES.every((value) => {
    try {
      const instance = new (target as new () => Record<string, unknown>)();
      instance[property] = value;
      return false;
    } catch (cause) {
      return cause instanceof ReferenceError || (cause instanceof RangeError && /call stack/.test(cause.message));
    }
  });
}

/** Whether a property of a prototype, or of one above it, is set by a function. */
function isSet(prototype: object, property: string): boolean {
  for (let owner: object | null = prototype; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, property);
    if (descriptor !== undefined) return hasSetter(descriptor);
  }
  return false;
}

function hasSetter(descriptor: PropertyDescriptor): boolean {
  return 'set' in descriptor && descriptor.set !== undefined;
}

/** What user code has thrown, for a message: whatever it is. */
export function messageOf(cause: unknown): string {
  try {
    return cause instanceof Error ? cause.message : String(cause);
  } catch {
    return 'something that cannot be read';
  }
}
