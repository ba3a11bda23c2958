import type { MetadataStorage } from 'class-validator';
import { classValidatorLibrary } from '../class-validator/load';
import { RULES, type Rule } from './constraints';

export type ValidationMetadata = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];

type Message = (constraints: readonly unknown[]) => unknown;

/** What a decorator that `each` is given adds to its message. */
const EACH = 'each value in ';

let known: ReadonlyMap<string | undefined, { rule: Rule; message: Message }> | undefined;

/**
 * The rule of a decorator that class-validator exports; undefined for validators of the user. One of the user's may have
 * the name of one of the library's; the library shows its own by nothing but the message.
 */
export function ruleOf(metadata: ValidationMetadata): Rule | undefined {
  known ??= askDecorators();
  const candidate = known.get(metadata.name);
  if (candidate === undefined) return undefined;
  const { constraintCls, constraints = [] } = metadata as {
    constraintCls: unknown;
    constraints: unknown[] | undefined;
  };
  try {
    const message = messageOf(constraintCls)(constraints);
    return message === candidate.message(constraints) ? candidate.rule : undefined;
  } catch {
    return undefined;
  }
}

/** Each decorator decorates a property of its own name, and what it left is read and removed. */
function askDecorators() {
  class Probe {}
  const library = classValidatorLibrary();
  const decorators = library as unknown as Record<string, ((...args: unknown[]) => PropertyDecorator) | undefined>;
  for (const [name, { sample = [] }] of Object.entries(RULES)) decorators[name]?.(...sample)(Probe.prototype, name);
  const storage = library.getMetadataStorage();
  const { validationMetadatas, constraintMetadatas } = storage as unknown as Record<string, Map<unknown, unknown>>;
  const found = storage.getTargetValidationMetadatas(Probe, '', true, false).map((metadata) => {
    const message = messageOf(metadata.constraintCls);
    constraintMetadatas?.delete(metadata.constraintCls);
    return [metadata.name, { rule: RULES[metadata.propertyName]!, message }] as const;
  });
  validationMetadatas?.delete(Probe);
  return new Map(found);
}

function messageOf(constraintCls: unknown): Message {
  const { prototype } = constraintCls as { prototype: { defaultMessage: (args: object) => string } };
  return (constraints) =>
    prototype.defaultMessage
      .call({}, { constraints, value: '', property: '', object: {}, targetName: '' })
      .replace(EACH, '');
}
