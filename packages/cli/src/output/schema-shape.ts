interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, unknown>>;
}

/** Characters of a schema that are looked at, and those that are shown of it. */
const MAX_SCHEMA = 262_144;
const MAX_SHAPE = 500;
const MAX_DEPTH = 12;

/** A JSON Schema in a few words, such as `{ a: number, note?: string }`; empty where there is none. */
export function shapeOf(schema: string | undefined): string {
  if (schema === undefined) return '';
  if (schema.length > MAX_SCHEMA) return `(a schema of ${Math.ceil(schema.length / 1_024)} KiB)`;
  let value: unknown;
  try {
    value = JSON.parse(schema);
  } catch {
    return '(not JSON)';
  }
  try {
    const shape = new Shape((value as Schema | null)?.$defs ?? {});
    shape.add(value, 0);
    return shape.text;
  } catch {
    return '(not a JSON Schema)';
  }
}

/** Text that grows to its limit, and no further. */
class Shape {
  text = '';
  /** The definitions that are being written; one that holds itself is named. */
  private readonly open: string[] = [];

  constructor(private readonly definitions: Readonly<Record<string, unknown>>) {}

  private get isFull(): boolean {
    return this.text.length >= MAX_SHAPE;
  }

  add(given: unknown, depth: number): void {
    if (this.isFull) return;
    if (typeof given === 'boolean') return this.write(given ? 'any' : 'never');
    if (typeof given !== 'object' || given === null) throw new TypeError('not a schema');
    if (depth > MAX_DEPTH) return this.write('…');
    const { type, properties, required, items, enum: values, $ref, ...rest } = given as Schema;
    if ('const' in rest) return this.write(JSON.stringify(rest.const));
    if (values !== undefined)
      return this.addEach([...values], ' | ', (value) => this.write(JSON.stringify(value) ?? 'null'));
    if (properties !== undefined) return this.addFields(Object.entries(properties), new Set(required), depth);
    if (items !== undefined) {
      const isUnion = hasChoices(items);
      if (isUnion) this.write('(');
      this.add(items, depth + 1);
      return this.write(isUnion ? ')[]' : '[]');
    }
    const choices = choicesOf(given);
    if (choices !== undefined) return this.addEach(choices, ' | ', (choice) => this.add(choice, depth + 1));
    if ($ref !== undefined) return this.addDefinition(String($ref).split('/').at(-1) ?? 'any', depth);
    this.write(
      [type ?? 'any']
        .flat()
        .join(' | ')
        .replace(/\barray\b/, 'any[]'),
    );
  }

  private addDefinition(name: string, depth: number): void {
    if (!Object.hasOwn(this.definitions, name) || this.open.includes(name)) return this.write(name);
    this.open.push(name);
    this.add(this.definitions[name], depth + 1);
    this.open.pop();
  }

  private addFields(fields: readonly [string, Schema][], required: ReadonlySet<string>, depth: number): void {
    if (fields.length === 0) return this.write('{}');
    this.write('{ ');
    this.addEach(fields, ', ', ([name, field]) => {
      this.write(`${name}${required.has(name) ? '' : '?'}: `);
      this.add(field, depth + 1);
    });
    this.write(' }');
  }

  private addEach<T>(items: readonly T[], between: string, add: (item: T) => void): void {
    for (const [i, item] of items.entries()) {
      if (this.isFull) return;
      if (i > 0) this.write(between);
      add(item);
    }
  }

  private write(text: string): void {
    if (this.isFull) return;
    const all = this.text + text;
    this.text = all.length > MAX_SHAPE ? `${all.slice(0, MAX_SHAPE - 1)}…` : all;
  }
}

/**
 * What a value may be, one of several. Beside a type they say more of its values, such as lengths and patterns, and not
 * what else there may be. Arrays of whatever are left out beside objects: class-validator's nested validation takes them
 * too, and nobody means them.
 */
function choicesOf({ type, anyOf, oneOf }: Schema): readonly Schema[] | undefined {
  const choices = anyOf ?? oneOf;
  if (choices === undefined || type !== undefined) return undefined;
  const all = [...choices];
  const meant = all.filter((choice) => choice.type !== 'array' || choice.items !== undefined);
  return meant.some(({ $ref, properties }) => $ref !== undefined || properties !== undefined) ? meant : all;
}

function hasChoices(schema: Schema | boolean): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  if ('const' in schema || schema.properties !== undefined || schema.items !== undefined) return false;
  const several = schema.enum ?? choicesOf(schema) ?? schema.type;
  return Array.isArray(several) && several.length > 1;
}
