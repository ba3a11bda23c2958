import type { HeaderLines } from '@natsmith/protocol';

/** Headers of a request: one value or several for each name. */
export type HeaderValues = Readonly<Record<string, string | readonly string[]>>;

/**
 * The lines of all given headers; a later set replaces the names of an earlier one.
 * @throws TypeError for headers or a value of another type
 */
export function headerLines(propagated: HeaderLines, given?: HeaderValues): HeaderLines {
  if (given === undefined) return propagated;
  // Callers of JavaScript give what they have.
  if (typeof given !== 'object' || (given as unknown) === null || Symbol.iterator in given)
    throw new TypeError('headers must be an object of names and values, such as { "X-Trace": "abc" }');
  const own = Object.entries(given).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).map((one) => [name, stringIn(name, one)] as const),
  );
  return [...propagated.filter(([name]) => !(name in given)), ...own];
}

function stringIn(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  const shown = value === undefined || value === null ? String(value) : `of type ${typeof value}`;
  throw new TypeError(
    `the value of header ${JSON.stringify(name)} is ${shown}; a header value is a string, or an array of strings: ` +
      (value === undefined || value === null ? 'leave the header out' : 'convert it with String()'),
  );
}
