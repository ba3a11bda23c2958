/** Which wildcards a subject may hold: `*` and `>`, `*` alone (group prefixes), or none (literal subjects). */
export type Wildcards = 'all' | 'token' | 'none';

/** A subject whose tokens may be named: `{id}.get` is subscribed as `*.get`, and token 0 is the parameter `id`. */
export interface SubjectTemplate {
  /** The subject as the server knows it, named tokens replaced by `*`. */
  readonly subject: string;
  /** Names of the named tokens, with their positions in the subject. */
  readonly params: readonly { readonly name: string; readonly index: number }[];
}

// The server closes a connection that names a longer one: 4,096 bytes for it and the rest of its line.
const MAX_SUBJECT = 1024;

const NAMED_TOKEN = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/**
 * What is wrong with a subject, or undefined when nothing is (ADR-32, Names; NATS subject rules).
 * @param tokens `plain` for subjects from the wire, where braces are characters like any other
 */
export function subjectProblem(
  subject: unknown,
  wildcards: Wildcards = 'all',
  tokens: 'named' | 'plain' = 'named',
): string | undefined {
  if (typeof subject !== 'string' || subject === '') return 'is empty; a subject is tokens joined by "."';
  if (subject.length > MAX_SUBJECT) return `is longer than ${MAX_SUBJECT} characters; nats-server takes no such line`;
  const shown = JSON.stringify(subject);
  // Control characters too: nothing prints them, and NUL ends a line in some clients.
  // eslint-disable-next-line no-control-regex
  if (/[\s\u0000-\u001f\u007f-\u009f]/.test(subject)) return `${shown} holds white space; join its tokens with "."`;
  const all = subject.split('.');
  const names = new Set<string>();
  for (const [index, token] of all.entries()) {
    if (token === '') return `${shown} has an empty token; remove the extra "."`;
    if (token === '>') {
      if (wildcards !== 'all') return `${shown} may not contain ">"`;
      if (index < all.length - 1) return `${shown} has ">" before its end; ">" is the last token or none`;
    } else if (token === '*') {
      if (wildcards === 'none') return `${shown} may not contain "*"`;
    } else if (/[*>]/.test(token)) {
      return `${shown} has a wildcard inside the token "${token}"; "*" and ">" are whole tokens`;
    } else if (tokens === 'named' && /[{}]/.test(token) && !token.includes('"')) {
      // With a quotation mark it is JSON: Nest's subject of the pattern { cmd: 'add' }.
      const name = NAMED_TOKEN.exec(token)?.[1];
      if (name === undefined || wildcards === 'none')
        return `${shown} has the token "${token}"; a named token is a whole token such as {id}`;
      if (names.has(name)) return `${shown} names the token {${name}} twice`;
      names.add(name);
    }
  }
  return undefined;
}

/** What is wrong with a queue group name, or undefined when nothing is. */
export function queueGroupProblem(queueGroup: unknown): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (typeof queueGroup === 'string' && /^[^\s*>\u0000-\u001f\u007f-\u009f]+$/.test(queueGroup)) return undefined;
  return `${JSON.stringify(queueGroup)} is not a queue group; give a name without blanks and wildcards, or false for none`;
}

/** Joins prefixes and a subject with "."; empty segments disappear (ADR-32, Names). */
export function joinSubject(...segments: readonly string[]): string {
  return segments.filter((segment) => segment !== '').join('.');
}

/** Takes the named tokens out of a valid subject. */
export function parseTemplate(template: string): SubjectTemplate {
  const params: { name: string; index: number }[] = [];
  const tokens = template.split('.').map((token, index) => {
    const name = NAMED_TOKEN.exec(token)?.[1];
    if (name === undefined) return token;
    params.push({ name, index });
    return '*';
  });
  return { subject: tokens.join('.'), params };
}

/** Whether some subject matches both patterns. */
export function subjectsOverlap(a: string, b: string): boolean {
  const left = a.split('.');
  const right = b.split('.');
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [l, r] = [left[i], right[i]];
    if (l === '>' || r === '>') return true;
    if (l !== r && l !== '*' && r !== '*') return false;
  }
  return left.length === right.length;
}

/** Whether every subject that matches the second pattern matches the first. */
export function subjectCovers(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  const wide = pattern.split('.');
  const narrow = subject.split('.');
  for (let i = 0; i < wide.length; i++) {
    const [token, other] = [wide[i], narrow[i]];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (other === '>' || (token !== '*' && token !== other)) return false;
  }
  return wide.length === narrow.length;
}
