type Unit = 'ms' | 's' | 'm' | 'h' | 'd';

/** A time span: milliseconds, or a number with a unit, such as `'250ms'`, `'30s'`, `'5m'`, `'2h'` or `'7d'`. */
export type Duration = number | `${number}${Unit}`;

const MILLISECONDS: Readonly<Record<Unit, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const WITH_UNIT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Milliseconds of a duration: a number as it is, a string by its unit; NaN for anything else. */
export function millisecondsOf(duration: unknown): number {
  if (typeof duration === 'number') return duration;
  const match = typeof duration === 'string' ? WITH_UNIT.exec(duration) : null;
  return match === null ? NaN : Number(match[1]) * MILLISECONDS[match[2] as Unit];
}

/**
 * What is wrong with a duration, or undefined when nothing is.
 * @param least the shortest one that is allowed, in milliseconds; without it any positive one
 */
export function durationProblem(duration: unknown, least?: number): string | undefined {
  const milliseconds = millisecondsOf(duration);
  if (milliseconds < Infinity && (least === undefined ? milliseconds > 0 : milliseconds >= least)) return undefined;
  const wanted = least === undefined ? 'a positive duration' : `a duration of ${least} ms or more`;
  return (
    `must be ${wanted}, in milliseconds or as a string such as "250ms", "30s", "5m", "2h", "7d"; ` +
    `got ${typeof duration === 'string' ? JSON.stringify(duration) : describe(duration)}`
  );
}

/**
 * Milliseconds of a duration that an option names.
 * @throws TypeError that names the option, for what is not a duration
 */
export function millisecondsOfOption(name: string, duration: Duration): number;
export function millisecondsOfOption(name: string, duration: Duration | undefined): number | undefined;
export function millisecondsOfOption(name: string, duration: Duration | undefined): number | undefined {
  if (duration === undefined || typeof duration === 'number') return duration;
  const problem = durationProblem(duration, 0);
  if (problem !== undefined) throw new TypeError(`${name} ${problem}`);
  return millisecondsOf(duration);
}

function describe(value: unknown): string {
  if (typeof value === 'number' || value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
