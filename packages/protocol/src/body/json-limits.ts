import { Buffer } from '../platform/node';
import { asBuffer } from './whole-bytes';

/** How deep a JSON body may nest: `[[1]]` is 2 deep. */
export const MAX_JSON_DEPTH = 100;
/** How many items one array, and how many properties one object, of a payload class may have. */
export const MAX_ARRAY_ITEMS = 10_000;
/** How many items and properties a JSON body may have altogether. */
export const MAX_VALUES = 100_000;

/**
 * What class-validator itself may be asked to look at, which takes 3 to 30 us for a value: a value counts as 1, an array
 * or object as 3.
 */
export const MAX_EFFORT = 15_000;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [STRING, OPENING, CLOSING, COMMA] = [1, 2, 3, 4];
/** What a byte outside of strings does; 0 for what neither begins nor ends a value. */
const KINDS = new Uint8Array(256);
KINDS[QUOTE] = STRING;
for (const byte of Buffer.from('[{')) KINDS[byte] = OPENING;
for (const byte of Buffer.from(']}')) KINDS[byte] = CLOSING;
KINDS[0x2c] = COMMA;

/**
 * Why JSON is not to be parsed, or undefined when it is: what it would become could fill the memory and hold up
 * everybody else, and what recurses over it could run out of stack. Malformed JSON is reported by the parser.
 */
export function jsonProblem(json: Uint8Array, maxDepth = MAX_JSON_DEPTH, maxValues = MAX_VALUES): string | undefined {
  // Each level takes an opening and a closing byte, each value one byte at least.
  if (json.length <= Math.min(2 * maxDepth, maxValues)) return undefined;
  const bytes = asBuffer(json);
  let depth = 0;
  let values = 0;
  /** Where the latest array or object was opened, if nothing but scalars has come since. */
  let opened = -1;
  for (let i = 0; i < bytes.length; i++) {
    const kind = KINDS[bytes[i] as number];
    if (kind === 0) continue;
    if (kind === STRING) i = endOfString(bytes, i + 1);
    else if (kind === CLOSING) {
      depth--;
      if (opened >= 0 && isBlank(bytes, opened + 1, i)) values--;
    } else {
      // The first value of an array or object comes with its opening byte, the others with commas.
      if (++values > maxValues + 1) return `body holds more than ${maxValues} values`;
      if (kind === OPENING) {
        if (++depth > maxDepth) return `body nests deeper than ${maxDepth} levels`;
        opened = i;
        continue;
      }
    }
    opened = -1;
  }
  return values > maxValues ? `body holds more than ${maxValues} values` : undefined;
}

/** Where the string ends that begins at `start`, behind its quotation mark. */
function endOfString(bytes: Buffer, start: number): number {
  let i = start;
  for (;;) {
    // Most strings are short, and a search of Node's own costs as much as fifty steps of this.
    for (const near = Math.min(i + 64, bytes.length); i < near; i++) {
      if (bytes[i] === QUOTE) return i;
      if (bytes[i] === BACKSLASH) i++;
    }
    const quote = bytes.indexOf(QUOTE, i);
    if (quote === -1) return bytes.length;
    let slash = quote;
    while (slash > i && bytes[slash - 1] === BACKSLASH) slash--;
    if ((quote - slash) % 2 === 0) return quote;
    i = quote + 1;
  }
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] as number) > 0x20) return false;
  return true;
}

/** Why a parsed value is too large for a payload class, or undefined when it is not: nobody else is served meanwhile. */
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

/**
 * Why class-transformer and class-validator are not to look at a parsed value, or undefined when they are.
 * @param size bytes that the value comes from, JSON or not
 */
export function effortProblem(value: unknown, size: number): string | undefined {
  // An array or object takes three bytes with its comma, a value one.
  if (size <= MAX_EFFORT || effortOf(value, MAX_EFFORT) <= MAX_EFFORT) return undefined;
  return `body holds more than ${MAX_EFFORT} values that have to be validated one by one; an array or object counts as 3`;
}

/** Stops counting beyond the limit. */
function effortOf(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let effort = 3;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    if (effort > limit) break;
    effort += effortOf(inner, limit - effort);
  }
  return effort;
}
