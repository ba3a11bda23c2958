import { median } from '../statistics';

export const peak = (values: readonly number[]): number => Math.max(...values);

/** How much larger the last third of the values is than the third before: the ratio of their medians, or peaks. */
export function growth(values: readonly number[], of = median): number {
  const third = Math.floor(values.length / 3);
  return of(values.slice(-third)) / of(values.slice(-2 * third, -third));
}

/** What grows more than it may, in words. */
export function growthMiss(what: string, values: readonly number[], limit: number, of = median): string[] {
  const ratio = growth(values, of);
  return ratio > limit ? [`${what}: ${ratio.toFixed(3)} times the third before, over ${limit}`] : [];
}

export function megabytes(bytes = NaN): string {
  return (bytes / 2 ** 20).toFixed(1);
}
