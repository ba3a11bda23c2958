/** What an option must be; undefined where it is. */
export type OptionRule = (value: unknown) => string | undefined;

/** The options that there are, and what each must be; `checkedElsewhere` for those with rules of their own. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

/** Of an option whose value is checked where it is used. */
export const checkedElsewhere: OptionRule = () => undefined;

/** Rules of one type each: what the value must be, or undefined where it is. */
export const aBoolean: OptionRule = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

export const aString: OptionRule = (value) => (typeof value === 'string' ? undefined : 'a string');

export const aFunction: OptionRule = (value) => (typeof value === 'function' ? undefined : 'a function');

export const anArray: OptionRule = (value) => (Array.isArray(value) ? undefined : 'an array');

export const anObject: OptionRule = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object';

/** One of other libraries that can do the same is one, too. */
export const aSignal: OptionRule = (value) => {
  const signal = value as Partial<AbortSignal> | null;
  return typeof signal === 'object' && typeof signal?.throwIfAborted === 'function' && 'addEventListener' in signal
    ? undefined
    : 'an AbortSignal';
};

/** A rule for whole numbers of a range. */
export function wholeNumber(least: number, most: number): OptionRule {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `a whole number from ${least} to ${most}`;
}

/** One that is limited by nothing but the server. */
export const aCount: OptionRule = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 1 ? undefined : 'a whole number, 1 or more';

/** A rule for one of a few strings. */
export function oneOf(...values: readonly string[]): OptionRule {
  const words = values.map((value) => JSON.stringify(value));
  const rule = words.length === 1 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
  return (value) => (values.includes(value as string) ? undefined : rule);
}

/** What is wrong with one option, or undefined: it is unknown, or not what its rule asks for. */
export function optionProblem(name: string, value: unknown, rules: Readonly<Record<string, OptionRule>>) {
  if (value === undefined) return undefined;
  // Own names alone: what somebody adds to Object.prototype is not an option.
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule === undefined) return `has an unknown option ${unknownName(name, Object.keys(rules))}`;
  const needed = rule(value);
  return needed === undefined ? undefined : `has an option "${name}" that must be ${needed}, got ${shown(value)}`;
}

/**
 * Checks options that are needed at once.
 * @param where what has them, for messages: `call()`
 * @throws TypeError that says what is wrong with the first that is unknown or not what its rule asks for
 */
export function checkOptions<Options>(options: unknown, rules: OptionRules<Options>, where: string): void {
  if (anObject(options) !== undefined)
    throw new TypeError(`${where} has ${shown(options)} in the place of its options; give an object`);
  const given = options as Readonly<Record<string, unknown>>;
  for (const name in given) {
    if (!Object.hasOwn(given, name)) continue;
    const problem = optionProblem(name, given[name], rules);
    if (problem !== undefined) throw new TypeError(`${where} ${problem}`);
  }
}

/** A name that nobody knows, with the one that may have been meant, else all there are; for messages. */
export function unknownName(name: string, known: readonly string[]): string {
  const near = known
    .map((one) => ({ one, distance: distance(name.toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const isNear = near !== undefined && near.distance <= 2 && near.distance <= name.length / 2;
  const advice = isNear ? `did you mean "${near.one}"?` : `the options are ${known.join(', ')}`;
  return `${shown(name)}; ${advice}`;
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
