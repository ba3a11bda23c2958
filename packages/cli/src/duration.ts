import { MAX_TIMER, millisecondsOf } from '@natsmith/protocol';
import { InvalidArgumentError } from 'commander';

/** Reads a duration such as `500`, `500ms`, `2s`, `1m` or `2h`, in milliseconds. */
export function parseDuration(text: string): number {
  const duration = millisecondsOf(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  if (duration > 0 && duration <= MAX_TIMER) return duration;
  throw new InvalidArgumentError('give milliseconds, or a number with a unit: 500, 500ms, 2s, 1m, 2h.');
}

/** A duration, or Infinity for 0: no limit. */
export function parseTimeout(text: string): number {
  return /^0(?:ms|s|m|h)?$/.test(text) ? Infinity : parseDuration(text);
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
