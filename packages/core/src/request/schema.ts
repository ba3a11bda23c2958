import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import type * as ClassTransformerStorage from 'class-transformer/types/storage';
import type * as ClassValidatorJsonSchema from 'class-validator-jsonschema';
import type { PayloadType } from '../define/handler';
import type { Class } from '../define/options';
import { isStandardSchema, type Payload } from '../plan/payload';
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
  }
}

/** The JSON Schema of a reply, as text; undefined where nothing is known. */
export function responseSchema(response: PayloadType | undefined): string | undefined {
  if (response === undefined || response === 'unchecked') return undefined;
  if (isStandardSchema(response)) return asText(standardSchema(response, 'output'));
  const array = Array.isArray(response);
  const type = (array ? response[0] : response) as Class;
  const primitive = PRIMITIVES.get(type);
  if (primitive !== undefined)
    return asText(array ? { type: 'array', items: { type: primitive } } : { type: primitive });
  return hasValidators(type) ? asText(classSchema(type, array)) : undefined;
}

const PRIMITIVES = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
]);

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
  const { targetConstructorToSchema, validationMetadatasToSchemas } = jsonSchemaLibrary();
  const options = { classTransformerMetadataStorage: transformerStorage(), refPointerPrefix: DEFS };
  const root = targetConstructorToSchema(target, options) as Schema;
  const named = validationMetadatasToSchemas(options) as Record<string, Schema>;
  const $defs: Record<string, Schema> = {};
  const addReferences = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const name = key === '$ref' && typeof inner === 'string' ? inner.slice(DEFS.length) : undefined;
      const definition = name === undefined ? undefined : named[name];
      if (name === undefined || definition === undefined || name in $defs) addReferences(inner);
      else addReferences(($defs[name] = definition));
    }
  };
  addReferences(root);
  const body = array ? { type: 'array', items: root } : root;
  return Object.keys($defs).length === 0 ? body : { ...body, $defs };
}

// Loaded when somebody asks for INFO, and not before: it takes 50 ms.
/* eslint-disable @typescript-eslint/no-require-imports */
function jsonSchemaLibrary() {
  return require('class-validator-jsonschema') as typeof ClassValidatorJsonSchema;
}

function transformerStorage() {
  // class-transformer does not export its storage, and class-validator-jsonschema asks for it.
  const { defaultMetadataStorage } = require('class-transformer/cjs/storage') as typeof ClassTransformerStorage;
  return defaultMetadataStorage;
}
/* eslint-enable @typescript-eslint/no-require-imports */
