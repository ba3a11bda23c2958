import type { ValidatorOptions } from 'class-validator';
import type { Class } from '../../define/options';
import { classValidatorLibrary } from '../class-validator/load';
import { hasValidators } from '../validator';
import { conversionOf, hasSetters, isReadByName, sampleOf, type Conversion } from './conversion';
import { asJson, type Demand } from './demand';
import { allOf, orNull, type Schema } from './keywords';
import { ruleOf, type ValidationMetadata } from './known-constraint';

const DEFS = '#/$defs/';

interface Property {
  readonly schema: Schema;
  readonly isRequired: boolean;
}

const ANYTHING: Property = { schema: {}, isRequired: false };
/** Readers of JSON handle it in ways of their own. */
const UNSPEAKABLE = '__proto__';

/** The schema of a payload class; those of the classes that it holds are definitions of it. */
export function classSchema(target: Class, array: boolean, options: ValidatorOptions): Schema {
  const definitions = new ClassDefinitions(options);
  const root = definitions.schemaOf(target);
  const { $defs } = definitions;
  const body = array ? { type: 'array', items: root } : root;
  return Object.keys($defs).length === 0 ? body : { ...body, $defs };
}

class ClassDefinitions {
  readonly $defs: Record<string, Schema> = {};
  private readonly names = new Map<Class, string>();
  private readonly storage = classValidatorLibrary().getMetadataStorage();

  constructor(private readonly options: ValidatorOptions) {}

  schemaOf(target: Class): Schema {
    const sample = sampleOf(target);
    const byName = this.metadatasOf(target);
    // An accessor sets what it likes, and what makes no instance of its own, nobody knows.
    if (sample === undefined || hasSetters(target) || byName.size === 0) return { type: 'object' };
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const [name, metadatas] of byName) {
      const { schema, isRequired } = isReadByName(target, name) ? this.property(target, name, metadatas) : ANYTHING;
      properties[name] = schema;
      if (isRequired && sample[name] === undefined) required.push(name);
    }
    return { type: 'object', properties, ...(required.length > 0 && { required }) };
  }

  private metadatasOf(target: Class): Map<string, ValidationMetadata[]> {
    const { always = false, strictGroups = false, groups } = this.options;
    const byName = new Map<string, ValidationMetadata[]>();
    for (const metadata of this.storage.getTargetValidationMetadatas(target, '', always, strictGroups, groups)) {
      const name: unknown = metadata.propertyName;
      if (typeof name !== 'string' || name === UNSPEAKABLE) continue;
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [metadata]);
      else known.push(metadata);
    }
    return byName;
  }

  private property(target: Class, name: string, metadatas: readonly ValidationMetadata[]): Property {
    const { ValidationTypes: types } = classValidatorLibrary() as unknown as {
      ValidationTypes: Record<string, string>;
    };
    const conditions = metadatas.filter(({ type }) => type === types['CONDITIONAL_VALIDATION']);
    if (conditions.some((condition) => condition.name !== 'isOptional')) return ANYTHING;

    const { skipMissingProperties, skipUndefinedProperties, skipNullProperties } = this.options;
    const conversion = conversionOf(target, name);
    const always = this.demandsOf(metadatas.filter(({ type }) => type === types['IS_DEFINED']));
    const usual = this.demandsOf(metadatas.filter(({ type }) => type === types['CUSTOM_VALIDATION']));
    const isNested = metadatas.some(({ type }) => type === types['NESTED_VALIDATION']);
    const takes = (value: null | undefined) =>
      skipMissingProperties === true || (value === null ? skipNullProperties : skipUndefinedProperties) === true;

    const custom = asJson(usual.demands, conversion);
    const nested = isNested ? this.nested(conversion, custom['type'] === 'array', takes(null)) : {};
    const whole = allOf([custom, nested]);
    const schema = allOf([asJson(always.demands, conversion), takes(null) ? orNull(whole) : whole]);
    return conditions.length > 0
      ? { schema: orNull(schema), isRequired: false }
      : { schema, isRequired: always.isRequired || (usual.isRequired && !takes(undefined)) };
  }

  private demandsOf(metadatas: readonly ValidationMetadata[]) {
    const demands: Demand[] = [];
    let isRequired = false;
    for (const metadata of metadatas) {
      const { validateIf } = metadata as { validateIf?: unknown };
      const rule = validateIf === undefined ? ruleOf(metadata) : undefined;
      if (rule === undefined) continue;
      const constraints = (metadata.constraints as unknown[] | undefined) ?? [];
      demands.push({
        rule,
        schema: typeof rule.schema === 'function' ? rule.schema(...constraints) : rule.schema,
        each: metadata.each === true,
      });
      isRequired ||= rule.takesUndefined?.(...constraints) !== true;
    }
    return { demands, isRequired };
  }

  /** class-validator looks into arrays, arrays in arrays too, with `each` and without. */
  private nested(conversion: Conversion, isArray: boolean, skipsNull: boolean): Schema {
    if (conversion.to === 'same') return { type: ['object', 'array'] };
    if (conversion.to !== 'class' || !hasValidators(conversion.class)) return {};
    const value = { anyOf: [this.reference(conversion.class), { type: 'array' }] };
    // What is skipped as a property is skipped as an item, too.
    const item = skipsNull ? orNull(value) : value;
    return isArray ? { items: item } : { anyOf: [this.reference(conversion.class), { type: 'array', items: item }] };
  }

  private reference(nested: Class): Schema {
    let name = this.names.get(nested);
    if (name === undefined) {
      name = nested.name;
      for (let i = 2; name === '' || name === UNSPEAKABLE || Object.hasOwn(this.$defs, name); i++)
        name = nested.name + i;
      this.names.set(nested, name);
      // The place is taken first, because a class may nest itself.
      this.$defs[name] = {};
      this.$defs[name] = this.schemaOf(nested);
    }
    return { $ref: DEFS + pointerTo(name) };
  }
}

/** A name in a reference: of what a URI and a JSON pointer mean something by. */
function pointerTo(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
