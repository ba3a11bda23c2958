import { isStandardSchema, PRIMITIVES } from '@natsmith/protocol';
import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import type { ValidatorOptions } from 'class-validator';
import type { PayloadType } from '../define/handler';
import type { Class } from '../define/options';
import { isItemStream } from '../define/stream';
import type { Payload } from './payload';
import { classSchema } from './json-schema/class-definitions';
import type { Schema } from './json-schema/keywords';
import { hasValidators } from './validator';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** A longer text than this is not sent: those who read it would be busy with it. */
const MAX_SCHEMA = 131_072;

/**
 * The JSON Schema (2020-12) of an endpoint's payload, as text; undefined where nothing is known.
 * @param options what class-validator is called with
 */
export function requestSchema(payload: Payload, options: ValidatorOptions = {}): string | undefined {
  switch (payload.kind) {
    case 'none':
    case 'unchecked':
    case 'bytes':
      return undefined;
    case 'primitive':
      return asText(payload.array ? { type: 'array', items: { type: payload.type } } : { type: payload.type });
    case 'class':
      return asText(classSchema(payload.class, payload.array, options));
    case 'schema':
      return asText(standardSchema(payload.schema, 'input'));
    case 'stream':
      return requestSchema(payload.item, options);
  }
}

/** The JSON Schema of a reply, as text; undefined where nothing is known. */
export function responseSchema(response: PayloadType | undefined, options: ValidatorOptions = {}): string | undefined {
  if (response === undefined || response === 'unchecked') return undefined;
  if (isItemStream(response)) return responseSchema(response.streamOf, options);
  if (isStandardSchema(response)) return asText(standardSchema(response, 'output'));
  const array = Array.isArray(response);
  const type = (array ? response[0] : response) as Class;
  const primitive = PRIMITIVES.get(type);
  if (primitive !== undefined)
    return asText(array ? { type: 'array', items: { type: primitive } } : { type: primitive });
  return hasValidators(type) ? asText(classSchema(type, array, options)) : undefined;
}

function asText(schema: Schema | undefined): string | undefined {
  if (schema === undefined) return undefined;
  const text = JSON.stringify({ $schema: DIALECT, ...schema });
  return text.length > MAX_SCHEMA ? undefined : text;
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
