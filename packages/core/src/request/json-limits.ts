/** How deep a JSON body may nest: `[[1]]` is 2 deep. */
export const MAX_JSON_DEPTH = 100;
/** How many items one array, and how many properties one object, of a payload class may have. */
export const MAX_ARRAY_ITEMS = 10_000;
/** How many items and properties the body of a payload class may have altogether. */
export const MAX_VALUES = 100_000;

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** Whether JSON text nests deeper than the limit; what recurses over the value would else run out of stack. */
export function isTooDeep(json: Uint8Array, limit = MAX_JSON_DEPTH): boolean {
  // Each level takes an opening and a closing byte.
  if (json.length <= 2 * limit) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      if (++depth > limit) return true;
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth--;
  }
  return false;
}

/**
 * Why a parsed value is too large to be transformed and validated, or undefined when it is not: class-transformer and
 * class-validator take 3 to 30 us for each value, and nobody else is served meanwhile.
 */
export function sizeProblem(value: unknown): string | undefined {
  let values = 0;
  const visit = (inner: unknown, depth: number): string | undefined => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    // JSON has been measured before it was parsed; codecs of the user have not.
    if (depth > MAX_JSON_DEPTH) return `body nests deeper than ${MAX_JSON_DEPTH} levels`;
    const isArray = Array.isArray(inner);
    const items: unknown[] = isArray ? inner : Object.values(inner);
    if (items.length > MAX_ARRAY_ITEMS)
      return `body holds an ${isArray ? 'array' : 'object'} of more than ${MAX_ARRAY_ITEMS} ${isArray ? 'items' : 'properties'}`;
    values += items.length;
    if (values > MAX_VALUES) return `body holds more than ${MAX_VALUES} values`;
    for (const item of items) {
      const problem = visit(item, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return visit(value, 1);
}
