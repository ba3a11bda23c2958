/** A JSON Schema, 2020-12, or a part of one. */
export type Schema = Record<string, unknown>;

/** A list of more values than this is left out; the types of the values are not. */
const MAX_ENUM_BYTES = 16_384;

/** What all of the schemas demand, in one where no keyword means two things. */
export function allOf(schemas: readonly Schema[]): Schema {
  const merged: Schema = {};
  const rest: Schema[] = [];
  for (const schema of schemas) {
    const clashes = Object.keys(schema).some(
      (key) => key in merged && key !== 'type' && JSON.stringify(merged[key]) !== JSON.stringify(schema[key]),
    );
    const type = commonType(merged['type'], schema['type']);
    if (clashes || type === false) rest.push(schema);
    else Object.assign(merged, schema, type !== undefined && { type });
  }
  return rest.length === 0
    ? merged
    : { ...merged, allOf: [...((merged['allOf'] as Schema[] | undefined) ?? []), ...rest] };
}

function commonType(one: unknown, other: unknown): unknown {
  if (one === undefined || other === undefined) return one ?? other;
  if (JSON.stringify(one) === JSON.stringify(other)) return one;
  const both = [one, other];
  return both.includes('integer') && both.includes('number') ? 'integer' : false;
}

export function orNull(schema: Schema): Schema {
  return isAnything(schema) ? schema : { anyOf: [schema, { type: 'null' }] };
}

export function isAnything(schema: Schema): boolean {
  return Object.keys(schema).length === 0;
}

/** One of the values; those that JSON does not have cannot come. */
export function oneOf(values: readonly unknown[]): Schema {
  // Some JSON parsers read 1e999 as infinite, which no schema can name.
  if (values.some((value) => value === Infinity || value === -Infinity)) return {};
  const list = literals(values);
  if (list.length === 0) return {};
  const types = [...new Set(list.map((value) => (value === null ? 'null' : typeof value)))];
  const type = types.length === 1 ? types[0] : types;
  return isTooLong(list) ? { type } : { type, enum: list };
}

/** None of the values. */
export function noneOf(values: readonly unknown[]): Schema {
  const list = literals(values);
  return list.length === 0 || isTooLong(list) ? {} : { not: { enum: list } };
}

export function literals(values: readonly unknown[]): (string | number | boolean | null)[] {
  return [...new Set(values)].filter(
    (value) =>
      value === null ||
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value)),
  ) as (string | number | boolean | null)[];
}

function isTooLong(list: readonly unknown[]): boolean {
  return JSON.stringify(list).length > MAX_ENUM_BYTES;
}
