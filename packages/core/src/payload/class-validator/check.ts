import { shown } from '@natsmith/protocol';
import { lineage } from '../../define/metadata';
import type { Class } from '../../define/options';
import { classTransformerLibrary, classValidatorLibrary, transformerStorage } from './load';
import { instanceProblem, messageOf } from './instance-problem';
import { otherCopyProblem } from './other-copies';
import { hasValidators } from '../validator';

/** Why no payload could ever be an instance of a class, or of one nested in it; undefined when one can. */
export function payloadClassProblem(target: Class): string | undefined {
  return problemOf(target, new Set());
}

function problemOf(target: Class, seen: Set<Class>): string | undefined {
  if (seen.has(target)) return undefined;
  seen.add(target);
  const own =
    instanceProblem(target, validatedProperties(target)) ?? otherCopyProblem(target) ?? constraintProblem(target);
  if (own !== undefined) return own;
  const nested = nestedProperties(target);
  for (const property of new Set([...typedProperties(target), ...nested])) {
    const isNested = nested.includes(property);
    const classes = classesOf(target, property, isNested);
    if (typeof classes === 'string') return classes;
    for (const one of classes) {
      if (isNested && !hasValidators(one))
        return (
          `has the payload property ${target.name}.${property} with @ValidateNested, but ${one.name} has not a single ` +
          `validation decorator, so that every payload which holds one would be refused; decorate the properties of ${one.name}`
        );
      const problem = problemOf(one, seen);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** A constraint class that class-validator does not know: whatever it says, nobody would ask it. */
function constraintProblem(target: Class): string | undefined {
  const { getMetadataStorage, ValidationTypes } = classValidatorLibrary();
  const storage = getMetadataStorage();
  const unknown = validationsOf(target)
    .filter(({ type }) => type === ValidationTypes.CUSTOM_VALIDATION)
    .find(({ constraintCls }) => storage.getTargetValidatorConstraints(constraintCls).length === 0);
  if (unknown === undefined) return undefined;
  const { propertyName, constraintCls } = unknown as unknown as { propertyName: string; constraintCls?: Class };
  return (
    `has the payload property ${target.name}.${propertyName} with @Validate(${constraintCls?.name ?? String(constraintCls)}), ` +
    'which class-validator does not know, so that it would check nothing; write @ValidatorConstraint() above the class ' +
    'of the constraint, and import it before it is used'
  );
}

/** What the decorators of class-validator say of a class and those above it. */
function validationsOf(target: Class) {
  return classValidatorLibrary().getMetadataStorage().getTargetValidationMetadatas(target, '', false, false);
}

function validatedProperties(target: Class): string[] {
  return [...new Set(validationsOf(target).map(({ propertyName }) => propertyName))];
}

/** The properties with `@ValidateNested`. */
function nestedProperties(target: Class): string[] {
  const { ValidationTypes } = classValidatorLibrary();
  return validationsOf(target)
    .filter(({ type }) => type === ValidationTypes.NESTED_VALIDATION)
    .map(({ propertyName }) => propertyName);
}

/** The properties with `@Type`. */
function typedProperties(target: Class): string[] {
  const storage = transformerStorage() as { readonly _typeMetadatas: Map<unknown, Map<string, unknown>> } | undefined;
  return lineage(target).flatMap((owner) => [...(storage?._typeMetadatas.get(owner)?.keys() ?? [])]);
}

/** The classes that `@Type` names for a property, none where that is not known before there is a payload; else what is wrong. */
function classesOf(target: Class, property: string, isNested: boolean): readonly Class[] | string {
  const storage = transformerStorage();
  if (storage === undefined) return [];
  const has = `has the payload property ${target.name}.${property} with `;
  const useless = 'so that every payload which holds one would be refused';
  const toClass = classTransformerLibrary().TransformationType.PLAIN_TO_CLASS;
  const isTransformed = storage.findTransformMetadatas(target, property, toClass).length > 0;
  const type = storage.findTypeMetadata(target, property) as unknown as TypeMetadata | undefined;
  if (type === undefined)
    return isTransformed || !isNested
      ? []
      : `${has}@ValidateNested and no @Type, ${useless}; name its class: @Type(() => Class) from class-transformer`;
  const { typeFunction, options } = type;
  // One that has a parameter wants to see the payload first.
  if (typeFunction === undefined || typeFunction.length > 0) return [];
  let given: unknown;
  try {
    given = typeFunction();
  } catch (cause) {
    return `${has}a @Type whose function throws (${messageOf(cause)}), ${useless}; let it return the class: @Type(() => Class)`;
  }
  const subTypes = options?.discriminator?.subTypes?.map(({ value }) => value);
  const named = subTypes ?? [given];
  // What a @Transform makes of it is its own affair.
  if (isTransformed && given === undefined) return [];
  const wrong = named.findIndex((one) => typeof one !== 'function');
  if (wrong >= 0)
    return (
      `${has}a @Type that names ${shown(named[wrong])} in the place of a class, ${useless}; ` +
      (named[wrong] === undefined
        ? 'is a class used before its declaration, or in a circular import?'
        : 'name the class alone, @Type(() => Class), also for an array of them')
    );
  return isTransformed ? [] : (named as Class[]).filter((one) => !isBuiltIn(one));
}

function isBuiltIn(type: unknown): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(type));
}

/** What class-transformer knows of a property with `@Type`. */
interface TypeMetadata {
  readonly typeFunction?: () => unknown;
  readonly options?: { readonly discriminator?: { readonly subTypes?: readonly { readonly value: unknown }[] } };
}
