import { isValidSubject } from '../subjects';

/** Subjects that a consumer or a request wants, in byte strings; none is all of them. */
export class SubjectFilter {
  /** The one subject without wildcards that it wants, if it is like that. */
  readonly literal: string | undefined;
  private readonly patterns: readonly (readonly string[])[];
  private readonly literals: ReadonlySet<string>;
  private readonly everything: boolean;

  constructor(subjects: readonly string[]) {
    this.everything = subjects.length === 0 || subjects.includes('>');
    this.literals = new Set(subjects.filter((subject) => !hasWildcard(subject)));
    this.patterns = subjects.filter(hasWildcard).map((subject) => subject.split('.'));
    this.literal = subjects.length === 1 && this.literals.size === 1 ? subjects[0] : undefined;
  }

  takes(subject: string): boolean {
    if (this.everything || this.literals.has(subject)) return true;
    if (this.patterns.length === 0) return false;
    const tokens = subject.split('.');
    return this.patterns.some((pattern) => takesTokens(pattern, tokens));
  }
}

export function hasWildcard(subject: string): boolean {
  return subject.split('.').some((token) => token === '*' || token === '>');
}

/** Whether there is a subject that both patterns take. */
export function subjectsCollide(one: string, other: string): boolean {
  const a = one.split('.');
  const b = other.split('.');
  for (let i = 0; ; i++) {
    const [left, right] = [a[i], b[i]];
    if (left === '>') return right !== undefined;
    if (right === '>') return left !== undefined;
    if (left === undefined || right === undefined) return left === right;
    if (left !== '*' && right !== '*' && left !== right) return false;
  }
}

/** Whether the second pattern takes all that the first takes. */
export function isSubset(subject: string, of: string): boolean {
  const given = subject.split('.');
  const wanted = of.split('.');
  for (const [i, token] of wanted.entries()) {
    if (token === '>') return i < given.length;
    const own = given[i];
    if (own === undefined || own === '>') return false;
    if (token !== '*' && (own === '*' || own !== token)) return false;
  }
  return wanted.length === given.length;
}

/** Whether a subject of a configuration is well formed, without blanks. */
export function isSubject(subject: string): boolean {
  return !/[\s\0]/.test(subject) && isValidSubject(subject);
}

export function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

export function fromBytes(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}

function takesTokens(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const token = pattern[i];
    if (token === '>') return i < tokens.length;
    if (i >= tokens.length || (token !== '*' && token !== tokens[i])) return false;
  }
  return pattern.length === tokens.length;
}

/** Whether one of the patterns takes a subject. */
export function matchesAny(patterns: readonly string[], subject: string): boolean {
  return patterns.some((pattern) => isSubset(subject, pattern));
}
