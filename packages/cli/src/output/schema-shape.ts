interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly $ref?: string;
}

/** A JSON Schema in a few words, such as `{ a: number, note?: string }`; empty where there is none. */
export function shapeOf(schema: string | undefined): string {
  if (schema === undefined) return '';
  try {
    return shape(JSON.parse(schema) as Schema);
  } catch {
    return '(no JSON)';
  }
}

function shape(schema: Schema | boolean): string {
  if (typeof schema === 'boolean') return schema ? 'any' : 'never';
  const { type, properties, required = [], items, enum: values } = schema;
  if ('const' in schema) return JSON.stringify(schema.const);
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ');
  if (properties !== undefined) {
    const fields = Object.entries(properties).map(
      ([name, property]) => `${name}${required.includes(name) ? '' : '?'}: ${shape(property)}`,
    );
    return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}';
  }
  if (items !== undefined) return `${shape(items)}[]`;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(shape).join(' | ');
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? 'any';
  return [type ?? 'any'].flat().join(' | ');
}
