import { subjectProblem } from '../services/subject';

/** What reply subjects begin with: those of client libraries, and those that an import from another account makes. */
const PREFIXES = ['_INBOX.', '_R_.'];

/** Whether a subject is one that the server makes for a single message, of an import from another account. */
export function isImported(subject: string): boolean {
  return subject.startsWith('_R_.');
}

/**
 * Whether a subject that a message names is an inbox, so that something may be published there without a doubt: one
 * subject without wildcards, under `_INBOX.`, `_R_.` or one of the given prefixes.
 * @param prefixes of client libraries with an inbox prefix of their own, with or without the last "."
 */
export function isInbox(subject: string, prefixes: readonly string[] = []): boolean {
  return (
    (PREFIXES.some((prefix) => subject.startsWith(prefix)) ||
      prefixes.some((prefix) => subject.startsWith(prefix.endsWith('.') ? prefix : `${prefix}.`))) &&
    subjectProblem(subject, 'none') === undefined
  );
}
