import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000 };

/** Reads a duration such as `500`, `500ms`, `2s` or `1m`, in milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  const duration = match === null ? 0 : Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
  if (duration > 0 && duration < 2 ** 31) return duration;
  throw new InvalidArgumentError('give milliseconds, or a number with a unit: 500, 500ms, 2s, 1m.');
}

/** Nanoseconds for people. */
export function showNanoseconds(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${Math.round(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${rounded(nanoseconds / 1e3)} µs`;
  if (nanoseconds < 1e9) return `${rounded(nanoseconds / 1e6)} ms`;
  if (nanoseconds < 120e9) return `${rounded(nanoseconds / 1e9)} s`;
  return `${rounded(nanoseconds / 60e9)} min`;
}

function rounded(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
