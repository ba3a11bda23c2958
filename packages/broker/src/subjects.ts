/** Whether a subscription subject is well formed: no empty token, `>` at the end only. */
export function isValidSubject(subject: string): boolean {
  const tokens = subject.split('.');
  return tokens.every((token, i) => token !== '' && (token !== '>' || i === tokens.length - 1));
}

/** Whether a subject can be published to by a pedantic client: well formed and without wildcards. */
export function isLiteralSubject(subject: string): boolean {
  return subject.split('.').every((token) => token !== '' && token !== '*' && token !== '>');
}

/** Whether something that a header says can be the subject of a message. */
export function isPublishSubject(subject: string): boolean {
  return !/[\s\0]/.test(subject) && isLiteralSubject(subject);
}

/** Whether a pattern takes a subject. A wildcard inside the subject counts as an ordinary token. */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const given = subject.split('.');
  if (given.includes('')) return false;
  for (const [i, token] of wanted.entries()) {
    if (token === '>') return i < given.length;
    if (i >= given.length || (token !== '*' && token !== given[i])) return false;
  }
  return wanted.length === given.length;
}
