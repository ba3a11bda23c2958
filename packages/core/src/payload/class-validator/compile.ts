import { isThenable } from '@natsmith/protocol';
import type { MetadataStorage, ValidationTypes, ValidatorOptions } from 'class-validator';
import type { Class } from '../../define/options';
import { classValidatorLibrary, transformerStorage } from './load';
import { checkTransformer, isListed, only } from './convert';
import { CONVERSIONS, isPlainObject, type Read, readItems, readPlain } from './read';

type ValidationMetadata = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];
type Fields = Record<string, unknown>;

/** Options that change only what errors look like, and so nothing about valid payloads. */
const HARMLESS: ReadonlySet<string> = new Set<keyof ValidatorOptions>([
  'stopAtFirstError',
  'dismissDefaultMessages',
  'validationError',
  'enableDebugMessages',
]);

/**
 * Compiles a payload class: what comes back gives the validated instance of a valid payload, as plainToInstance and
 * validate with `whitelist` would, or undefined when it cannot tell, so that the libraries are to decide.
 * It runs the very constraints of class-validator, without the bookkeeping around each call.
 * Undefined for classes whose decorators do more than it knows of (docs/decisions/0013-compiled-validation.md).
 */
export function compileClass(target: Class, array: boolean, options: ValidatorOptions): Read | undefined {
  const isDefault = Object.entries(options).every(
    ([key, value]) =>
      HARMLESS.has(key) ||
      (value === undefined && key !== 'whitelist') ||
      (value === true && (key === 'whitelist' || key === 'forbidUnknownValues')),
  );
  if (!isDefault) return undefined;
  let compiled: CompiledClass | undefined;
  try {
    compiled = CompiledClass.of(target, new Map());
  } catch {
    // It may have been the user's code that threw: in the libraries it will again, where that is the payload's affair.
    return undefined;
  }
  const readOne: Read = (plain) => {
    if (compiled === undefined || !isPlainObject(plain)) return undefined;
    try {
      const instance = compiled.build(plain, false);
      return instance !== undefined && compiled.accepts(instance) ? instance : undefined;
    } catch (cause) {
      if (!(cause instanceof Asynchronous)) throw cause;
      compiled = undefined;
      return undefined;
    }
  };
  return array ? readItems(readOne) : readOne;
}

/** A validator has returned a promise: the class is left to the libraries from then on. */
class Asynchronous extends Error {}

interface Property {
  readonly name: string;
  readonly read: Read;
  /** All must hold for the property to be validated at all. */
  readonly conditions: readonly ((object: Fields, value: unknown) => unknown)[];
  readonly checks: readonly ((object: Fields, value: unknown) => boolean)[];
  readonly nested: CompiledClass | undefined;
}

class CompiledClass {
  private readonly properties: Property[] = [];

  private constructor(private readonly target: new () => Fields) {}

  /** @param known the classes compiled so far, for classes that hold themselves */
  static of(target: Class, known: Map<Class, CompiledClass>): CompiledClass {
    const before = known.get(target);
    if (before !== undefined) return before;
    const compiled = new CompiledClass(target as new () => Fields);
    known.set(target, compiled);
    const storage = classValidatorLibrary().getMetadataStorage();
    const byProperty = storage.groupByPropertyName(storage.getTargetValidationMetadatas(target, '', false, false));
    const names = Object.keys(byProperty);
    only(names.length > 0, 'no validators');
    checkTransformer(target, names);
    for (const name of names) compiled.properties.push(compileProperty(target, name, byProperty[name] ?? [], known));
    return compiled;
  }

  build(plain: Fields, isNested: boolean): Fields | undefined {
    const instance = new this.target();
    let known = 0;
    for (const { name, read, nested } of this.properties) {
      const value = plain[name];
      if (value === undefined) {
        if (name in plain) return undefined;
        // A default may be of a class of its own, or have properties that are to be removed.
        if (nested !== undefined && holdsObjects(instance[name])) return undefined;
        continue;
      }
      const built = read(value);
      if (built === undefined) return undefined;
      instance[name] = built;
      known++;
    }
    // The validators around a nested object see it before its unknown properties are removed.
    return isNested && known !== countKeys(plain) ? undefined : instance;
  }

  accepts(object: Fields): boolean {
    for (const { name, conditions, checks, nested } of this.properties) {
      const value = object[name];
      let isValidated = true;
      // All are asked, as one may throw.
      for (const condition of conditions) if (!condition(object, value)) isValidated = false;
      if (!isValidated) continue;
      for (const check of checks) if (!check(object, value)) return false;
      if (nested !== undefined && value !== undefined && !nested.acceptsNested(value)) return false;
    }
    return true;
  }

  private acceptsNested(value: unknown): boolean {
    if (!Array.isArray(value)) return value instanceof this.target && this.accepts(value);
    for (const item of value) if (!(item instanceof this.target && this.accepts(item))) return false;
    return true;
  }
}

function compileProperty(
  target: Class,
  name: string,
  metadatas: readonly ValidationMetadata[],
  known: Map<Class, CompiledClass>,
): Property {
  const { ValidationTypes: types } = classValidatorLibrary() as unknown as { ValidationTypes: typeof ValidationTypes };
  const of = (type: string) => metadatas.filter((metadata) => metadata.type === type);
  // class-validator asks whether the value is defined before it asks anything else.
  const checked = [...of(types.IS_DEFINED), ...of(types.CUSTOM_VALIDATION)];
  const conditional = of(types.CONDITIONAL_VALIDATION);
  const nesting = of(types.NESTED_VALIDATION);
  const understood = checked.length + conditional.length + nesting.length + of(types.WHITELIST).length;
  only(understood === metadatas.length, 'another kind of validation');

  const type = transformerStorage()?.findTypeMetadata(target, name);
  let nested: CompiledClass | undefined;
  let read: Read = readPlain;
  if (type !== undefined) {
    only(type.options?.discriminator === undefined, 'a discriminator');
    only(isListed(type.reflectedType), 'a collection other than an array');
    const typeOf = type.typeFunction as ((help?: unknown) => unknown) | undefined;
    only(typeOf !== undefined && typeOf.length === 0, 'a type that depends on the payload');
    const itemType = typeOf();
    const convert = CONVERSIONS.get(itemType);
    if (convert !== undefined) read = readItems(convert);
    else {
      only(typeof itemType === 'function' && nesting.length > 0, '@Type without @ValidateNested');
      const inner = (nested = CompiledClass.of(itemType as Class, known));
      read = readItems((value) => (isPlainObject(value) ? inner.build(value, true) : undefined));
    }
  }
  only(nested !== undefined || nesting.length === 0, '@ValidateNested without @Type');
  return {
    name,
    read,
    nested,
    conditions: conditional.map((metadata) => metadata.constraints[0] as Property['conditions'][number]),
    checks: checked.flatMap((metadata) => compileChecks(target, metadata)),
  };
}

function compileChecks(target: Class, metadata: ValidationMetadata): Property['checks'] {
  const { propertyName: property, constraints, each } = metadata;
  const { validateIf } = metadata as { validateIf?: (object: unknown, value: unknown) => boolean };
  const storage = classValidatorLibrary().getMetadataStorage();
  return storage.getTargetValidatorConstraints(metadata.constraintCls).map((constraint) => {
    only(!constraint.async, 'an async constraint');
    const { instance } = constraint;
    only(instance === constraint.instance, 'a container that makes a new one for each call');
    const holds = (object: Fields, value: unknown, whole: unknown): boolean => {
      const verdict: unknown = instance.validate(value, {
        targetName: target.name,
        property,
        object,
        value: whole,
        constraints,
      });
      if (isThenable(verdict)) {
        // The libraries ask again; nobody waits for this one.
        verdict.then(undefined, () => undefined);
        throw new Asynchronous();
      }
      // Anything but a plain yes is for the libraries.
      return verdict === true;
    };
    return (object: Fields, value: unknown): boolean => {
      if (validateIf !== undefined && !validateIf(object, value)) return true;
      if (!each || typeof value !== 'object' || value === null) return holds(object, value, value);
      if (!Array.isArray(value)) return !(value instanceof Set || value instanceof Map) && holds(object, value, value);
      for (const item of value) if (!holds(object, item, value)) return false;
      return true;
    };
  });
}

function holdsObjects(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(Array.isArray(value) && value.length === 0);
}

function countKeys(object: Fields): number {
  let count = 0;
  for (const _key in object) count++;
  return count;
}
