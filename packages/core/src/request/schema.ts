import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import type * as ClassValidatorJsonSchema from 'class-validator-jsonschema';
import type { PayloadType } from '../define/handler';
import type { Class } from '../define/options';
import { isItemStream } from '../define/stream';
import { isStandardSchema, PRIMITIVES, type Payload } from '../plan/payload';
import { transformerStorage } from './class-libraries';
import { hasValidators } from './validate';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const DEFS = '#/$defs/';

type Schema = Record<string, unknown>;

/** The JSON Schema (2020-12) of an endpoint's payload, as text; undefined where nothing is known. */
export function requestSchema(payload: Payload): string | undefined {
  switch (payload.kind) {
    case 'none':
    case 'unchecked':
    case 'bytes':
      return undefined;
    case 'primitive':
      return asText({ type: payload.type });
    case 'class':
      return asText(classSchema(payload.class, payload.array));
    case 'schema':
      return asText(standardSchema(payload.schema, 'input'));
    case 'stream':
      return requestSchema(payload.item);
  }
}

/** The JSON Schema of a reply, as text; undefined where nothing is known. */
export function responseSchema(response: PayloadType | undefined): string | undefined {
  if (response === undefined || response === 'unchecked') return undefined;
  if (isItemStream(response)) return responseSchema(response.streamOf);
  if (isStandardSchema(response)) return asText(standardSchema(response, 'output'));
  const array = Array.isArray(response);
  const type = (array ? response[0] : response) as Class;
  const primitive = PRIMITIVES.get(type);
  if (primitive !== undefined)
    return asText(array ? { type: 'array', items: { type: primitive } } : { type: primitive });
  return hasValidators(type) ? asText(classSchema(type, array)) : undefined;
}

function asText(schema: Schema | undefined): string | undefined {
  return schema === undefined ? undefined : JSON.stringify({ $schema: DIALECT, ...schema });
}

/** Standard Schema libraries that can say their JSON Schema do so (Standard JSON Schema); the others stay silent. */
function standardSchema(schema: object, side: 'input' | 'output'): Schema | undefined {
  try {
    const { jsonSchema } = (schema as Partial<StandardJSONSchemaV1>)['~standard'] ?? {};
    return jsonSchema?.[side]({ target: 'draft-2020-12' });
  } catch {
    return undefined;
  }
}

function classSchema(target: Class, array: boolean): Schema {
  const definitions = new ClassDefinitions();
  const root = definitions.schemaOf(target);
  const { $defs } = definitions;
  const body = array ? { type: 'array', items: root } : root;
  return Object.keys($defs).length === 0 ? body : { ...body, $defs };
}

/** The schemas of nested classes; the library names them by class name alone, and mixes up two classes of one name. */
class ClassDefinitions {
  readonly $defs: Record<string, Schema> = {};
  private readonly names = new Map<Class, string>();
  private readonly library = jsonSchemaLibrary();
  private readonly types = transformerStorage();
  private readonly options: Parameters<typeof ClassValidatorJsonSchema.targetConstructorToSchema>[1] = {
    classTransformerMetadataStorage: this.types,
    additionalConverters: {
      // What a validator of the user accepts is not known, whatever the property's type says.
      customValidation: {},
      nestedValidation: ({ target, propertyName, each }) => {
        const metadata: unknown = this.types.findTypeMetadata(target as Class, propertyName);
        const { typeFunction, reflectedType } = (metadata ?? {}) as NestedType;
        const nested = typeFunction?.();
        const schema =
          typeof nested === 'function' && hasValidators(nested as Class) ? this.reference(nested as Class) : {};
        return reflectedType === Array && !each ? { type: 'array', items: schema } : schema;
      },
      conditionalValidation: ({ name }) => ({ [name === 'isOptional' ? MAY_BE_NULL : MAY_BE_ANYTHING]: true }),
    },
  };

  schemaOf(target: Class): Schema {
    const { properties = {}, ...schema } = this.library.targetConstructorToSchema(target, this.options) as Schema;
    const entries = Object.entries(properties as Record<string, Schema>).map(([name, property]) => {
      const { [MAY_BE_NULL]: mayBeNull, [MAY_BE_ANYTHING]: mayBeAnything, ...rest } = property;
      // class-validator skips an optional property that is null, and a conditional one whatever it holds.
      return [name, mayBeAnything ? {} : mayBeNull ? { anyOf: [rest, { type: 'null' }] } : rest];
    });
    return { ...schema, properties: Object.fromEntries(entries) as Schema };
  }

  private reference(nested: Class): Schema {
    let name = this.names.get(nested);
    if (name === undefined) {
      name = nested.name;
      for (let i = 2; name in this.$defs; i++) name = nested.name + i;
      this.names.set(nested, name);
      // The place is taken first, because a class may nest itself.
      this.$defs[name] = {};
      this.$defs[name] = this.schemaOf(nested);
    }
    return { $ref: DEFS + name };
  }
}

/** What class-transformer knows of a property with `@Type`. */
interface NestedType {
  readonly typeFunction?: () => unknown;
  readonly reflectedType?: unknown;
}

const MAY_BE_NULL = 'x-may-be-null';
const MAY_BE_ANYTHING = 'x-may-be-anything';

// Loaded when somebody asks for INFO, and not before: it takes 50 ms.
/* eslint-disable @typescript-eslint/no-require-imports */
function jsonSchemaLibrary() {
  return require('class-validator-jsonschema') as typeof ClassValidatorJsonSchema;
}

/* eslint-enable @typescript-eslint/no-require-imports */
