import { isStandardSchema } from '@natsmith/protocol';
import { isItemStream } from '../define/stream';

/** What an option must be; undefined where it is. */
export type OptionRule = (value: unknown) => string | undefined;

/** The options that there are, and what each must be; `checkedElsewhere` for those with rules of their own. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

export const checkedElsewhere: OptionRule = () => undefined;

export const aBoolean: OptionRule = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

export const aString: OptionRule = (value) => (typeof value === 'string' ? undefined : 'a string');

export const aQueueGroup: OptionRule = (value) =>
  typeof value === 'string' || value === false ? undefined : 'a string, or false for none';

export const anArray: OptionRule = (value) => (Array.isArray(value) ? undefined : 'an array');

export const anObject: OptionRule = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object';

export const middlewares: OptionRule = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === 'function')
    ? undefined
    : 'an array of middleware functions, (ctx, next) => …';

export const aPayloadType: OptionRule = (value) => {
  const [item, ...more] = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  const isClasses = typeof item === 'function' && more.length === 0;
  return isClasses || value === 'unchecked' || isStandardSchema(value) || isItemStream(value)
    ? undefined
    : 'a class, [Class], a schema (zod, valibot, arktype), stream(Item) or "unchecked"';
};

/**
 * Options as they can be read: an object, without those that are unknown or of a wrong type, which are noted.
 * @param noun what errors call them, such as `@Service`
 */
export function checkedOptions<Options extends object>(
  options: unknown,
  rules: OptionRules<Options>,
  noun: string,
  mistake: (problem: string) => void,
): Options {
  if (anObject(options) !== undefined) {
    mistake(`has ${shown(options)} in the place of the options of ${noun}; give an object`);
    return {} as Options;
  }
  const wrong: string[] = [];
  for (const [name, value] of Object.entries(options as object) as [string, unknown][]) {
    if (value === undefined) continue;
    // Own names alone: what somebody adds to Object.prototype is no option.
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof Options] : undefined;
    const needed = rule?.(value);
    if (rule === undefined) mistake(unknownOption(name, Object.keys(rules)));
    else if (needed !== undefined) mistake(`has an option "${name}" that must be ${needed}, got ${shown(value)}`);
    if (rule === undefined || needed !== undefined) wrong.push(name);
  }
  if (wrong.length === 0) return options as Options;
  return Object.fromEntries(Object.entries(options as object).filter(([name]) => !wrong.includes(name))) as Options;
}

function unknownOption(name: string, known: readonly string[]): string {
  const near = known
    .map((one) => ({ one, distance: distance(name.toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const advice =
    near !== undefined && near.distance <= 2 && near.distance < name.length / 2
      ? `did you mean "${near.one}"?`
      : `the options are ${known.join(', ')}`;
  return `has an unknown option "${name}"; ${advice}`;
}

/** Characters to add, to remove and to change between two words (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A value in a message: short, and whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 39)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return value.length === 1 ? `[${shown(value[0])}]` : 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
