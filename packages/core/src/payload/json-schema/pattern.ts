import type { Schema } from './keywords';

const MAX_PATTERN = 1_000;

/** Characters outside the basic plane are two for a RegExp without the flag u, and one for a JSON Schema. */
const ASTRAL = { pattern: '[\u{10000}-\u{10ffff}]' };

/** The string holds `text`. */
export function contains(text: string): Schema {
  // Half of a pair matches within a pair for a string's own search, and not for a pattern.
  if (text === '' || text.length > MAX_PATTERN || /\p{Surrogate}/u.test(text)) return {};
  return { pattern: text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&') };
}

/**
 * What a JSON Schema can say of a RegExp: its patterns have no flags, are read as with u, and are run by readers who do
 * not know who wrote them. Nothing where it would mean something else there, or could take for ever.
 */
export function matches(regExp: RegExp): Schema {
  const { source, flags } = regExp;
  if (Object.getPrototypeOf(regExp) !== RegExp.prototype || source.length > MAX_PATTERN || canHang(source)) return {};
  if (!/^[dgu]*$/.test(flags)) return {};
  if (flags.includes('u')) return { pattern: source };
  // These mean something else with u.
  if (/\\[pPk]|\\u\{/.test(source)) return {};
  try {
    new RegExp(source, 'u');
  } catch {
    return {};
  }
  return countsCharacters(source) ? { anyOf: [{ pattern: source }, ASTRAL] } : { pattern: source };
}

/** Whether it may tell one character from two: anything but a list of what may stand there. */
function countsCharacters(source: string): boolean {
  const unescaped = source.replace(/\\[^WDSBuc]/g, '');
  return /[.\\\ud800-\udfff]|\[\^|\(\?<?!/.test(unescaped);
}

/** Degree of the polynomial that a search's time may be at most. */
const MAX_REPEATS = 3;

/** Whether something repeated holds something repeated, or a choice: a search may take twice as long with each character. */
function canHang(source: string): boolean {
  // Of a character class and an escape it matters only that they are one character.
  const shape = source
    .replace(/\\./gs, 'x')
    .replace(/\[[^\]]*\]/g, 'x')
    .replace(/\(\?(?:<?[=!]|:|<\w+>)/g, '(');
  if (/\\[1-9k]/.test(source) || (shape.match(/[*+]|\{\d+,\}/g) ?? []).length > MAX_REPEATS) return true;
  const outer: boolean[] = [];
  let branches = false;
  for (const [i, character] of [...shape].entries()) {
    if (character === '(') {
      outer.push(branches);
      branches = false;
    } else if (character === ')') {
      if (branches && /^(?:[*+]|\{(?!\d\}))/.test(shape.slice(i + 1))) return true;
      branches = (outer.pop() ?? false) || branches;
    } else if ('|*+?'.includes(character) || (character === '{' && /^\{\d+,/.test(shape.slice(i)))) branches = true;
  }
  return false;
}
