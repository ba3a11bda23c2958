import { subjectProblem } from '@natsmith/protocol';

/** What Nest takes as a pattern: `'math.add'`, or an object such as `{ cmd: 'add' }`. */
export type NestPattern = string | { readonly [key: string]: NestPatternValue };

type NestPatternValue = string | number | NestPattern;

/** As Nest has them: beyond these it puts all patterns on one subject. */
const MAX_DEPTH = 5;
const MAX_KEYS = 20;

/**
 * The subject on which Nest's NATS transport has a pattern: `{ cmd: 'add' }` is on `{"cmd":"add"}`.
 * @throws TypeError for a pattern that has no subject
 */
export function nestSubject(pattern: NestPattern): string {
  const subject = routeOf(pattern, 0);
  const problem = subjectProblem(subject);
  if (problem !== undefined)
    throw new TypeError(`the pattern ${JSON.stringify(pattern)} has no subject: it ${problem}`);
  return subject;
}

function routeOf(pattern: NestPatternValue, depth: number): string {
  if (typeof pattern === 'string' || typeof pattern === 'number') return String(pattern);
  if (typeof pattern !== 'object' || pattern === null)
    throw new TypeError(
      `a pattern holds strings, numbers and objects, not ${pattern === null ? 'null' : typeof pattern}`,
    );
  const keys = Object.keys(pattern).sort((a, b) => a.localeCompare(b));
  if (depth > MAX_DEPTH || keys.length > MAX_KEYS)
    throw new TypeError(`a pattern has at most ${MAX_KEYS} keys in an object, and ${MAX_DEPTH} objects in one another`);
  const parts = keys.map((key) => {
    const value = pattern[key] as NestPatternValue;
    const route = routeOf(value, depth + 1);
    return `"${escaped(key)}":${typeof value === 'string' ? `"${escaped(route)}"` : route}`;
  });
  return `{${parts.join(',')}}`;
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
}
