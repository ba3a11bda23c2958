/** How deep a JSON body may nest: `[[1]]` is 2 deep. */
export const MAX_JSON_DEPTH = 100;
/** How many items one array of a validated payload may have. */
export const MAX_ARRAY_ITEMS = 10_000;

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

/** Whether a parsed value holds an array of more items than the limit. Its depth is bounded already. */
export function hasHugeArray(value: unknown, limit = MAX_ARRAY_ITEMS): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) && value.length > limit) return true;
  return Object.values(value).some((inner) => hasHugeArray(inner, limit));
}
