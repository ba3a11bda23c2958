import type { Class } from '../../define/options';
import { classTransformerLibrary, classValidatorLibrary, transformerStorage } from './load';
import { otherCopyProblem } from './other-copies';
import { hasValidators } from '../validator';

/** Why no payload could ever be an instance of a class, or of one nested in it; undefined when one can. */
export function payloadClassProblem(target: Class): string | undefined {
  return problemOf(target, new Set());
}

function problemOf(target: Class, seen: Set<Class>): string | undefined {
  if (seen.has(target)) return undefined;
  seen.add(target);
  const itself = constructorProblem(target) ?? otherCopyProblem(target);
  if (itself !== undefined) return itself;
  for (const property of nestedProperties(target)) {
    const where = `${target.name}.${property}`;
    const nested = nestedClasses(target, property);
    if (nested === undefined)
      return (
        `has the payload property ${where} with @ValidateNested and no @Type, so that every payload which holds one would ` +
        `be refused; name its class: @Type(() => Class) from class-transformer`
      );
    for (const one of nested) {
      if (!hasValidators(one))
        return (
          `has the payload property ${where} with @ValidateNested, but ${one.name} has not a single validation decorator, so ` +
          `that every payload which holds one would be refused; decorate the properties of ${one.name}`
        );
      const problem = problemOf(one, seen);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function constructorProblem(target: Class): string | undefined {
  try {
    new (target as new () => object)();
    return undefined;
  } catch (cause) {
    return (
      `has the payload class ${target.name}, whose constructor throws when it is called without arguments ` +
      `(${cause instanceof Error ? cause.message : String(cause)}), as class-transformer calls it for each payload; ` +
      'let it do with none, and set the properties by the payload alone'
    );
  }
}

/** The properties with `@ValidateNested`. */
function nestedProperties(target: Class): string[] {
  const { getMetadataStorage, ValidationTypes } = classValidatorLibrary();
  const metadatas = getMetadataStorage().getTargetValidationMetadatas(target, '', false, false);
  return metadatas.filter(({ type }) => type === ValidationTypes.NESTED_VALIDATION).map((one) => one.propertyName);
}

/** The classes that `@Type` names for a property; empty where that is not known, or a `@Transform` makes something; undefined for none. */
function nestedClasses(target: Class, property: string): Class[] | undefined {
  const storage = transformerStorage();
  if (storage === undefined) return [];
  const toClass = classTransformerLibrary().TransformationType.PLAIN_TO_CLASS;
  if (storage.findTransformMetadatas(target, property, toClass).length > 0) return [];
  const type = storage.findTypeMetadata(target, property) as unknown as TypeMetadata | undefined;
  if (type === undefined) return undefined;
  const subTypes = type.options?.discriminator?.subTypes?.map(({ value }) => value);
  return (subTypes ?? [named(type)]).filter((one) => typeof one === 'function');
}

/** What `@Type(() => Class)` gives; undefined where it wants to see the payload first. */
function named({ typeFunction }: TypeMetadata): Class | undefined {
  try {
    return typeFunction?.();
  } catch {
    return undefined;
  }
}

/** What class-transformer knows of a property with `@Type`. */
interface TypeMetadata {
  readonly typeFunction?: () => Class | undefined;
  readonly options?: { readonly discriminator?: { readonly subTypes?: readonly { readonly value: Class }[] } };
}
