import { Cron } from 'croner';

interface Field {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
];
const NAMED: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
};
const MAX_YEARS = 5;
// How often a time that clocks put forward leave out is passed over.
const MAX_GAPS = 8;

/** A cron pattern of nats-server: six fields, from seconds to days of the week. */
export class CronPattern {
  private readonly cron: Cron;
  private readonly hours: ReadonlySet<number> | undefined;

  private constructor(
    private readonly fields: readonly (ReadonlySet<number> | undefined)[],
    private readonly zone: string,
  ) {
    const text = fields.map((values) => (values === undefined ? '*' : [...values].join(',')));
    this.cron = new Cron(text.join(' '), { timezone: zone, paused: true });
    this.hours = fields[2];
  }

  /** Undefined for what nats-server refuses. */
  static read(pattern: string, zone: string): CronPattern | undefined {
    const words = (NAMED[pattern] ?? pattern).trim().split(/\s+/);
    if (words.length !== FIELDS.length) return undefined;
    const fields: (ReadonlySet<number> | undefined)[] = [];
    for (const [i, word] of words.entries()) {
      const values = readField(word, FIELDS[i]!);
      if (values === undefined) return undefined;
      fields.push(values === 'any' ? undefined : values);
    }
    return new CronPattern(fields, zone);
  }

  /** The first time after another, in ms; undefined where there is none within five years. */
  next(after: number): number | undefined {
    let from = new Date(Math.floor(after / 1000) * 1000);
    for (let i = 0; i < MAX_GAPS; i++) {
      const found = this.cron.nextRun(from);
      if (!found || found.getTime() - after > (MAX_YEARS + 1) * 366 * 86_400_000) return undefined;
      // nats-server leaves out what clocks that are put forward leave out; the library gives the moment after.
      if (this.isOnTheClock(found)) return found.getTime();
      from = found;
    }
    return undefined;
  }

  private isOnTheClock(time: Date): boolean {
    if (this.hours === undefined && this.fields[1] === undefined) return true;
    const parts = new Intl.DateTimeFormat('en', {
      timeZone: this.zone,
      hour: 'numeric',
      minute: 'numeric',
      hourCycle: 'h23',
    })
      .formatToParts(time)
      .reduce<Record<string, string>>((all, { type, value }) => ({ ...all, [type]: value }), {});
    const minutes = this.fields[1];
    return (this.hours?.has(Number(parts.hour)) ?? true) && (minutes?.has(Number(parts.minute)) ?? true);
  }
}

/** The values of a field; `any` for all of them, which counts otherwise for days than a list that has all. */
function readField(word: string, field: Field): ReadonlySet<number> | 'any' | undefined {
  const values = new Set<number>();
  let isAny = false;
  for (const part of word.split(',')) {
    if (part === '') continue;
    const range = readRange(part, field);
    if (!range) return undefined;
    isAny ||= range.isAny;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  if (isAny) return 'any';
  return values.size === 0 ? undefined : values;
}

function readRange(
  part: string,
  { min, max, names }: Field,
): { from: number; to: number; step: number; isAny: boolean } | undefined {
  const [range = '', step = '1', ...more] = part.split('/');
  const [low = '', high, ...rest] = range.split('-');
  if (more.length > 0 || rest.length > 0 || !/^\d{1,4}$/.test(step)) return undefined;
  const isStar = low === '*' || low === '?';
  const read = (text: string): number => {
    const named = names?.indexOf(text.toLowerCase()) ?? -1;
    if (named >= 0) return named + min;
    return /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  };
  const from = isStar ? min : read(low);
  const isOpen = isStar || (high === undefined && part.includes('/'));
  const to = isOpen ? max : high === undefined ? from : read(high);
  const every = Number(step);
  if (!(from >= min && to <= max && from <= to) || every === 0) return undefined;
  return { from, to, step: every, isAny: isStar && every === 1 };
}
