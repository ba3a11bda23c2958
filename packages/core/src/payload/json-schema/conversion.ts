import type { Class } from '../../define/options';
import { classTransformerLibrary, transformerStorage } from '../class-validator/load';
import { isListed } from '../class-validator/convert';

/** What class-transformer makes of a property's value before it is validated. */
export type Conversion =
  | { readonly to: 'same' | 'unknown' | 'date' }
  | { readonly to: 'primitive'; readonly type: string }
  | { readonly to: 'class'; readonly class: Class };

const PRIMITIVES = new Map<unknown, string>([
  [Number, 'number'],
  [String, 'string'],
  [Boolean, 'boolean'],
]);

/** Whether a property gets the value of the same name in the payload, and nothing else does anything to it. */
export function isReadByName(target: Class, name: string): boolean {
  const storage = transformerStorage();
  if (storage === undefined) return false;
  const toClass = classTransformerLibrary().TransformationType.PLAIN_TO_CLASS;
  const exposed = storage.findExposeMetadata(target, name)?.options ?? {};
  return (
    !(name in target.prototype) &&
    (storage.getStrategy(target) !== 'excludeAll' || storage.getExposedProperties(target, toClass).includes(name)) &&
    !storage.getExcludedProperties(target, toClass).includes(name) &&
    exposed.name === undefined &&
    exposed.groups === undefined &&
    // Another property that takes this one's name.
    (storage.findExposeMetadataByCustomName(target, name) as unknown) === undefined &&
    storage.findTransformMetadatas(target, name, toClass).length === 0
  );
}

export function conversionOf(target: Class, name: string): Conversion {
  const storage = transformerStorage();
  if (storage === undefined) return { to: 'unknown' };
  const type = storage.findTypeMetadata(target, name) as ReturnType<typeof storage.findTypeMetadata> | undefined;
  if (type === undefined) return { to: 'same' };
  const typeOf = type.typeFunction as ((help?: unknown) => unknown) | undefined;
  try {
    if (typeOf === undefined || typeOf.length > 0 || type.options?.discriminator !== undefined)
      return { to: 'unknown' };
    if (!isListed(type.reflectedType)) return { to: 'unknown' };
    const to = typeOf();
    if (to === Date) return { to: 'date' };
    const primitive = PRIMITIVES.get(to);
    if (primitive !== undefined) return { to: 'primitive', type: primitive };
    return typeof to === 'function' && sampleOf(to as Class) !== undefined
      ? { to: 'class', class: to as Class }
      : { to: 'unknown' };
  } catch {
    return { to: 'unknown' };
  }
}

/** An instance as payloads become it; undefined where the constructor throws, or makes something else. */
export function sampleOf(target: Class): Readonly<Record<string, unknown>> | undefined {
  try {
    const sample = new (target as new () => Record<string, unknown>)();
    const isOrdinary =
      Object.getPrototypeOf(sample) === target.prototype &&
      Object.prototype.toString.call(sample) === '[object Object]';
    return isOrdinary ? sample : undefined;
  } catch {
    return undefined;
  }
}

/** Whether properties of the payload may set others than themselves. */
export function hasSetters(target: Class): boolean {
  let prototype = target.prototype as object | null;
  for (
    ;
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null
  )
    if (Object.values(Object.getOwnPropertyDescriptors(prototype)).some((descriptor) => descriptor.set !== undefined))
      return true;
  return false;
}
