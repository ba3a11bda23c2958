import { millisecondsOfGo } from '../nats/duration';

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
    if (!EVERY.test(pattern)) return `has the pattern ${shown}; write "@every" with a time such as "@every 10s"`;
    return millisecondsOfGo(pattern.slice('@every'.length)) < 1_000
      ? `has the pattern ${shown}; the server ticks at most once a second: write "@every 1s" or more`
      : undefined;
  }
  const fields = pattern.trim().split(/\s+/);
  const isReadable =
    NAMED.test(pattern) || ((fields.length === 5 || fields.length === 6) && fields.every((field) => FIELD.test(field)));
  if (!isReadable)
    return `has the pattern ${shown}; write five fields such as "0 5 * * *", six with seconds first, "@daily" or "@every 10s"`;
  const problem = fields.length > 1 ? fieldsProblem(fields) : undefined;
  if (problem !== undefined) return `has the pattern ${shown}, in which ${problem}`;
  return timeZone === undefined ? undefined : zoneProblem(timeZone);
}

interface Field {
  readonly of: string;
  readonly least: number;
  readonly most: number;
  /** Stand for the numbers from `least` on. */
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const FIELDS: readonly Field[] = [
  { of: 'seconds', least: 0, most: 59 },
  { of: 'minutes', least: 0, most: 59 },
  { of: 'hours', least: 0, most: 23 },
  { of: 'days of the month', least: 1, most: 31 },
  { of: 'months', least: 1, most: 12, names: MONTHS },
  { of: 'days of the week', least: 0, most: 6, names: DAYS },
];

/** What the server would refuse, found before there is one. */
function fieldsProblem(written: readonly string[]): string | undefined {
  for (const [i, field] of FIELDS.slice(FIELDS.length - written.length).entries())
    for (const part of (written[i] ?? '').split(',')) {
      if (isPart(part, field)) continue;
      const { of, least, most, names } = field;
      const named = names === undefined ? '' : `, or ${names[0] ?? ''} to ${names.at(-1) ?? ''}`;
      return `"${part}" is wrong for the ${of}: they go from ${least} to ${most}${named}; also "*", ranges such as ${least}-${most}, and steps such as "*/2"`;
    }
  return undefined;
}

/** One number, a range or `*`, with a step or without. */
function isPart(part: string, { least, most, names = [] }: Field): boolean {
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0 || (step !== undefined && !/^0*[1-9]\d*$/.test(step))) return false;
  if (range === '*' || range === '?' || part === '') return true;
  const ends = range.split('-').map((end) => {
    const place = names.indexOf(end.toUpperCase());
    return place !== -1 ? place + least : /^\d+$/.test(end) ? Number(end) : NaN;
  });
  const [from = NaN, to = from] = ends;
  return ends.length <= 2 && from >= least && to <= most && from <= to;
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
