import type { Class } from '../../define/options';
import { classTransformerLibrary, transformerStorage } from './load';

type Fields = Record<string, unknown>;

/** Compilation goes on only where this holds. */
export function only(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** Checks that class-transformer would do nothing to the class but make it, and set its properties. */
export function checkTransformer(target: Class, names: readonly string[]): void {
  const transformer = transformerStorage();
  only(transformer !== undefined, 'a class-transformer whose decorators cannot be read');
  const toClass = classTransformerLibrary().TransformationType.PLAIN_TO_CLASS;
  only(transformer.getStrategy(target) === 'none', '@Expose or @Exclude on the class');
  only(transformer.getExposedMetadatas(target).length === 0, '@Expose');
  only(transformer.getExcludedMetadatas(target).length === 0, '@Exclude');
  // What stands on properties without validators runs as well, before they are removed.
  only(
    transformedNames(target, transformer).every((name) => names.includes(name)),
    '@Type or @Transform without validators',
  );
  for (const name of names) {
    only(!(name in target.prototype), 'accessors, methods and what every object has');
    only(transformer.findTransformMetadatas(target, name, toClass).length === 0, '@Transform');
  }
  checkPrototypes(target);

  const sample = new (target as new () => Fields)();
  only(Object.getPrototypeOf(sample) === target.prototype && sample.constructor === target, 'another class');
  only(Object.isExtensible(sample), 'a sealed instance');
  // The whitelist removes properties that the constructor sets and nobody decorated.
  for (const [name, { writable, value }] of Object.entries(Object.getOwnPropertyDescriptors(sample)))
    only(names.includes(name) && writable === true && typeof value !== 'function', 'undecorated or fixed properties');
}

function transformedNames(target: Class, storage: object): string[] {
  const { _typeMetadatas: types, _transformMetadatas: transforms } = storage as Record<
    '_typeMetadatas' | '_transformMetadatas',
    Map<unknown, Map<string, unknown>>
  >;
  const names: string[] = [];
  for (let owner: unknown = target; typeof owner === 'function'; owner = Object.getPrototypeOf(owner))
    for (const metadatas of [types, transforms]) names.push(...(metadatas.get(owner)?.keys() ?? []));
  return names;
}

/** Whether setting properties that nobody decorated, and that are removed later, does nothing but that. */
function checkPrototypes(target: Class): void {
  const own = target.prototype as object;
  for (let prototype = own; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype) as object)
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(prototype)))
      only(
        prototype === own
          ? descriptor.set === undefined
          : typeof descriptor.value === 'function' || descriptor.writable === true,
        'setters and inherited getters',
      );
}

/** Whether class-transformer makes a plain array of an array: it tries the property's design type first. */
export function isListed(designType: unknown): boolean {
  if (designType === undefined || designType === Array) return true;
  if (designType === Map) return false;
  const list = new (designType as new () => object)();
  return !(list instanceof Set) && !('push' in list);
}
