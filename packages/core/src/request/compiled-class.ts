import type { MetadataStorage, ValidationTypes, ValidatorOptions } from 'class-validator';
import type { Class } from '../define/options';
import { classTransformerLibrary, classValidatorLibrary, transformerStorage } from './class-libraries';
import { isThenable } from './middleware';

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
 * Undefined for classes whose decorators do more than it knows of (docs/decisions).
 */
export function compileClass(target: Class, array: boolean, options: ValidatorOptions): Read | undefined {
  const isDefault = Object.entries(options).every(
    ([key, value]) =>
      HARMLESS.has(key) ||
      value === undefined ||
      (value === true && (key === 'whitelist' || key === 'forbidUnknownValues')),
  );
  if (!isDefault) return undefined;
  let compiled: CompiledClass;
  try {
    compiled = CompiledClass.of(target, new Map());
  } catch (cause) {
    if (cause instanceof Uncompilable) return undefined;
    throw cause;
  }
  const readOne: Read = (plain) => {
    const instance = isPlainObject(plain) ? compiled.build(plain) : undefined;
    return instance !== undefined && compiled.accepts(instance) ? instance : undefined;
  };
  return array ? readItems(readOne) : readOne;
}

class Uncompilable extends Error {}

/** Compilation goes on only where this holds. */
function only(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Uncompilable(what);
}

/** Turns the value of a property into what the instance holds; undefined when the libraries are to decide. */
type Read = (value: unknown) => unknown;

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

  build(plain: Fields): Fields | undefined {
    const instance = new this.target();
    for (const { name, read } of this.properties) {
      const value = plain[name];
      if (value === undefined) {
        if (name in plain) return undefined;
        continue;
      }
      const built = read(value);
      if (built === undefined) return undefined;
      instance[name] = built;
    }
    return instance;
  }

  accepts(object: Fields): boolean {
    for (const { name, conditions, checks, nested } of this.properties) {
      const value = object[name];
      if (conditions.length > 0 && !conditions.every((condition) => condition(object, value))) {
        // What is not validated is not stripped either, and `build` has stripped it.
        if (nested !== undefined && typeof value === 'object' && value !== null) return false;
        continue;
      }
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

/** Whether class-transformer would do nothing to the class but make it, and set its properties. */
function checkTransformer(target: Class, names: readonly string[]): void {
  const transformer = transformerStorage();
  const toClass = classTransformerLibrary().TransformationType.PLAIN_TO_CLASS;
  only(transformer.getStrategy(target) === 'none', '@Expose or @Exclude on the class');
  only(transformer.getExposedMetadatas(target).length === 0, '@Expose');
  only(transformer.getExcludedMetadatas(target).length === 0, '@Exclude');
  let sample: Fields;
  try {
    sample = new (target as new () => Fields)();
  } catch {
    throw new Uncompilable('a constructor that throws');
  }
  // The whitelist removes properties that the constructor sets and nobody decorated.
  only(
    Object.keys(sample).every((key) => names.includes(key)),
    'undecorated properties',
  );
  for (const name of names) {
    only(!(name in Object.prototype), 'a name that every object has');
    only(!(name in target.prototype) && typeof sample[name] !== 'function', 'accessors and methods');
    only(transformer.findTransformMetadatas(target, name, toClass).length === 0, '@Transform');
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
  const [custom = [], conditional = [], nesting = []] = [
    types.CUSTOM_VALIDATION,
    types.CONDITIONAL_VALIDATION,
    types.NESTED_VALIDATION,
  ].map(of);
  const understood = custom.length + conditional.length + nesting.length + of(types.WHITELIST).length;
  only(understood === metadatas.length, 'another kind of validation');

  const type = transformerStorage().findTypeMetadata(target, name);
  let nested: CompiledClass | undefined;
  let read: Read = readPlain;
  if (type !== undefined) {
    only(type.options?.discriminator === undefined, 'a discriminator');
    only(type.reflectedType !== Map && type.reflectedType !== Set, 'a Map or Set');
    const typeOf = type.typeFunction as ((help?: unknown) => unknown) | undefined;
    only(typeOf !== undefined && typeOf.length === 0, 'a type that depends on the payload');
    const itemType = typeOf();
    const convert = CONVERSIONS.get(itemType);
    if (convert !== undefined) read = readItems(convert);
    else {
      only(
        typeof itemType === 'function' && nesting !== undefined && nesting.length > 0,
        '@Type without @ValidateNested',
      );
      const inner = (nested = CompiledClass.of(itemType as Class, known));
      read = readItems((value) => (isPlainObject(value) ? inner.build(value) : undefined));
    }
  }
  only(nested !== undefined || nesting.length === 0, '@ValidateNested without @Type');
  return {
    name,
    read,
    nested,
    conditions: conditional.map((metadata) => metadata.constraints[0] as Property['conditions'][number]),
    checks: custom.flatMap((metadata) => compileChecks(target, metadata)),
  };
}

function compileChecks(target: Class, metadata: ValidationMetadata): Property['checks'] {
  const { propertyName: property, constraints, each } = metadata;
  const { validateIf } = metadata as { validateIf?: (object: unknown, value: unknown) => boolean };
  const storage = classValidatorLibrary().getMetadataStorage();
  return storage.getTargetValidatorConstraints(metadata.constraintCls).map((constraint) => {
    only(!constraint.async, 'an async constraint');
    const { instance } = constraint;
    // A promise is for the libraries to wait for, and so is anything but a plain yes.
    const holds = (object: Fields, value: unknown, whole: unknown): boolean => {
      const details = { targetName: target.name, property, object, value: whole, constraints };
      const answer: unknown = instance.validate(value, details);
      // The libraries ask again and wait; this promise is left alone, and is not to end the process when it rejects.
      if (isThenable(answer)) answer.then(undefined, () => undefined);
      return answer === true;
    };
    return (object: Fields, value: unknown): boolean => {
      if (validateIf !== undefined && !validateIf(object, value)) return true;
      if (!each || !Array.isArray(value)) return holds(object, value, value);
      for (const item of value) if (!holds(object, item, value)) return false;
      return true;
    };
  });
}

/** What class-transformer does to primitives under `@Type(() => Number)` and the like. */
const CONVERSIONS = new Map<unknown, Read>(
  [
    [Number, Number] as const,
    [String, String] as const,
    [Boolean, Boolean] as const,
    [Date, (value: unknown) => new Date(value as string)] as const,
  ].map(([type, convert]) => [
    type,
    (value) => (value === null ? null : isPrimitive(value) ? convert(value) : undefined),
  ]),
);

/** Without `@Type`, primitives and arrays of them stay what they are; class-transformer copies objects deeply. */
function readPlain(value: unknown): unknown {
  if (isPrimitive(value) || value === null) return value;
  if (!Array.isArray(value)) return undefined;
  for (const item of value) if (!isPrimitive(item) && item !== null) return undefined;
  return [...(value as unknown[])];
}

/** Reads one value, which may be null, or each of an array. */
function readItems(readItem: Read): Read {
  return (value) => {
    if (value === null) return null;
    if (!Array.isArray(value)) return readItem(value);
    const items: unknown[] = [];
    for (const item of value) {
      const built = readItem(item);
      if (built === undefined) return undefined;
      items.push(built);
    }
    return items;
  };
}

function isPrimitive(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isPlainObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
