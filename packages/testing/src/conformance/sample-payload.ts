interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | boolean;
  readonly prefixItems?: readonly Schema[];
  readonly minItems?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const MAX_DEPTH = 20;
/** Values and characters of a sample. A schema may come from anybody, and `minItems` may be a billion. */
const MAX_SIZE = 10_000;

const FORMATS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    email: 'ann@example.com',
    uuid: '123e4567-e89b-42d3-a456-426614174000',
    uri: 'https://example.com',
    'date-time': '2030-01-31T12:00:00Z',
    date: '2030-01-31',
    time: '12:00:00Z',
    ipv4: '192.0.2.1',
    ipv6: '2001:db8::1',
    hostname: 'example.com',
  }),
);

/** What a sample may still hold. */
interface Budget {
  left: number;
}

/**
 * A small value of a JSON Schema: what must be there, and no more. Patterns and `not` are not looked at.
 * @throws RangeError when the schema demands more than 10,000 values and characters
 */
export function samplePayload(schema: object): unknown {
  const root = schema as Schema;
  return sample(root, root, 0, { left: MAX_SIZE });
}

function sample(given: Schema | boolean, root: Schema, depth: number, budget: Budget): unknown {
  spend(budget, 1);
  if (typeof given === 'boolean' || depth > MAX_DEPTH) return null;
  const schema = merged(resolve(given, root));
  if ('const' in schema) return schema.const;
  if (schema.examples?.length) return schema.examples[0];
  if ('default' in schema) return schema.default;
  if (schema.enum?.length) return schema.enum[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined && schema.type === undefined) return sample(choice, root, depth + 1, budget);
  const type: string = [schema.type ?? (schema.properties ? 'object' : 'null')].flat()[0] ?? 'null';
  switch (type) {
    case 'string':
      spend(budget, schema.minLength ?? 0);
      return FORMATS.get(schema.format ?? '') ?? 'text'.padEnd(schema.minLength ?? 0, 't');
    case 'number':
    case 'integer':
      return number(schema);
    case 'boolean':
      return true;
    case 'array': {
      const first = (schema.prefixItems ?? []).map((item) => sample(item, root, depth + 1, budget));
      const missing = Math.max(0, (schema.minItems ?? 0) - first.length);
      spend(budget, missing);
      return [
        ...first,
        ...Array.from({ length: missing }, () => sample(schema.items ?? true, root, depth + 1, budget)),
      ];
    }
    case 'object': {
      const { properties = {}, required = [] } = schema;
      return Object.fromEntries(
        required.map((name) => [name, sample(properties[name] ?? true, root, depth + 1, budget)]),
      );
    }
    default:
      return null;
  }
}

function spend(budget: Budget, size: number): void {
  budget.left -= size;
  if (!(budget.left >= 0)) throw new RangeError(`a sample of this schema is larger than ${MAX_SIZE} values`);
}

function number({ minimum, exclusiveMinimum, maximum, multipleOf = 1 }: Schema): number {
  const low = minimum ?? (exclusiveMinimum === undefined ? Math.min(1, maximum ?? 1) : exclusiveMinimum + multipleOf);
  return Math.ceil(low / multipleOf) * multipleOf;
}

function resolve(schema: Schema, root: Schema): Schema {
  const path = schema.$ref?.match(/^#\/(.*)$/)?.[1];
  if (path === undefined) return schema.$ref === '#' ? root : schema;
  const target = path
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root);
  return (target as Schema | undefined) ?? {};
}

function merged(schema: Schema): Schema {
  return (schema.allOf ?? []).reduce<Schema>(
    (all, part) => ({
      ...all,
      ...part,
      properties: { ...all.properties, ...part.properties },
      required: [...(all.required ?? []), ...(part.required ?? [])],
    }),
    schema,
  );
}
