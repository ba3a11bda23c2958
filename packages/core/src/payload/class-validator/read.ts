/** Turns a value of a payload into what the instance holds; undefined when the libraries are to decide. */
export type Read = (value: unknown) => unknown;

/** What class-transformer does to primitives under `@Type(() => Number)` and the like. */
export const CONVERSIONS: ReadonlyMap<unknown, Read> = new Map<unknown, Read>(
  [
    [Number, Number] as const,
    [String, String] as const,
    [Boolean, Boolean] as const,
    [Date, (value: unknown) => new Date(value as string)] as const,
  ].map(([type, convert]) => [
    type,
    (value) => (value === null ? null : isPrimitive(value) ? convert(value) : undefined),
  ]),
);

/** Without `@Type`, primitives and arrays of them stay what they are; class-transformer copies objects deeply. */
export function readPlain(value: unknown): unknown {
  if (isPrimitive(value) || value === null) return value;
  if (!Array.isArray(value)) return undefined;
  for (const item of value) if (!isPrimitive(item) && item !== null) return undefined;
  return [...(value as unknown[])];
}

/** Reads one value, which may be null, or each of an array. */
export function readItems(readItem: Read): Read {
  return (value) => {
    if (value === null) return null;
    if (!Array.isArray(value)) return readItem(value);
    const items: unknown[] = [];
    for (const item of value) {
      const built = readItem(item);
      if (built === undefined) return undefined;
      items.push(built);
    }
    return items;
  };
}

function isPrimitive(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
