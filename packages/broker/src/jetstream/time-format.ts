/** How nats-server writes the time that never was. */
export const NO_TIME = '0001-01-01T00:00:00Z';

const DURATION = /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/;
const MS_OF: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
// 64 bits of nanoseconds.
const MAX_DURATION = 2 ** 63 / 1e6;
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([.,]\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds as digits. */
export function nanoseconds(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${Math.floor((ms - whole) * 1e6)
    .toString()
    .padStart(6, '0')}`;
}

/** A time as Go's RFC3339Nano writes it, in UTC. */
export function formatTime(ms: number): string {
  const digits = nanoseconds(ms).slice(-9).replace(/0+$/, '');
  const seconds = new Date(Math.floor(ms)).toISOString().slice(0, 19);
  return digits === '' ? `${seconds}Z` : `${seconds}.${digits}Z`;
}

/** Reads RFC 3339, in milliseconds; undefined for anything else. */
export function parseTime(text: string): number | undefined {
  const parts = TIME.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone] = parts;
  const seconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  if (Number.isNaN(seconds)) return undefined;
  return seconds + Number(`0.${fraction.slice(1) || '0'}`) * 1000;
}

/** Reads a duration as Go writes one (`1h30m`, `1.5s`), in milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[+-]/, '');
  if (rest === '') return undefined;
  let ms = 0;
  while (rest !== '') {
    const part = DURATION.exec(rest);
    if (!part || /^[+-]/.test(part[0])) return undefined;
    ms += Number(part[1]) * MS_OF[part[3]!]!;
    rest = rest.slice(part[0].length);
  }
  return ms < MAX_DURATION ? sign * ms : undefined;
}

/** A duration as Go prints it: `1m30s`, `250ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}
