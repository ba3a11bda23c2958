import { millisecondsOf, type Duration } from '@natsmith/protocol';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const NANOSECONDS = 1_000_000;

/** A duration of the server's as a contract writes it: `7d`. */
export function writtenNanoseconds(nanoseconds: number): string {
  return writtenDuration(nanoseconds / NANOSECONDS);
}

/** A duration as a contract writes it: `7d`. */
export function writtenDuration(milliseconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => milliseconds > 0 && milliseconds % size === 0) ?? ['ms', 1];
  return `${milliseconds / size}${unit}`;
}

/** Nanoseconds, as the server has them. */
export function nanosecondsOf(milliseconds: number): number {
  return Math.round(milliseconds * NANOSECONDS);
}

/** Nanoseconds of a duration of a contract. */
export function durationOf(value: Duration | undefined): number | undefined {
  return value === undefined ? undefined : nanosecondsOf(millisecondsOf(value));
}

const GO_UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** A duration as the server writes and reads it: `1m30s`. */
export function millisecondsOfGo(text: string): number {
  let sum = 0;
  for (const [, number, unit = ''] of text.matchAll(/([\d.]+)(h|ms|us|µs|ns|m|s)/g))
    sum += Number(number) * (GO_UNITS[unit] ?? 0);
  return sum;
}
