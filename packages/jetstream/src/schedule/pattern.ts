const EVERY = /^@every\s+(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/;
const NAMED = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/;
const FIELD = /^[0-9A-Za-z*/,?-]+$/;

/** What is wrong with the pattern of a schedule, or undefined when nothing is that can be seen without the server. */
export function patternProblem(pattern: unknown, timeZone: unknown): string | undefined {
  if (typeof pattern !== 'string') return `has the pattern ${JSON.stringify(pattern)}; write one such as "0 5 * * *"`;
  const shown = JSON.stringify(pattern);
  if (pattern.startsWith('@every')) {
    if (timeZone !== undefined) return `has the pattern ${shown} and a time zone; "@every" counts time and has no zone`;
    if (/\dd\b/.test(pattern))
      return `has the pattern ${shown}; "@every" takes no days: write hours, such as "@every 24h"`;
    return EVERY.test(pattern)
      ? undefined
      : `has the pattern ${shown}; write "@every" with a time such as "@every 10s"`;
  }
  const fields = pattern.trim().split(/\s+/);
  const isReadable =
    NAMED.test(pattern) || ((fields.length === 5 || fields.length === 6) && fields.every((field) => FIELD.test(field)));
  if (!isReadable)
    return `has the pattern ${shown}; write five fields such as "0 5 * * *", six with seconds first, "@daily" or "@every 10s"`;
  return timeZone === undefined ? undefined : zoneProblem(timeZone);
}

function zoneProblem(timeZone: unknown): string | undefined {
  try {
    if (typeof timeZone !== 'string' || timeZone === '') throw new TypeError('no name');
    new Intl.DateTimeFormat('en', { timeZone });
    return undefined;
  } catch {
    return `has the time zone ${JSON.stringify(timeZone)}, which nobody knows; write one such as "Europe/Berlin"`;
  }
}

/** As the server takes it: six fields, seconds first. */
export function serverPattern(pattern: string): string {
  const fields = pattern.trim().split(/\s+/);
  return fields.length === 5 ? `0 ${fields.join(' ')}` : fields.join(' ');
}
