/**
 * What this process has declared of a kind, in its order. One for all copies of this package: two of them in one process
 * know the same.
 */
export function declaredSet<T>(name: string): Set<T> {
  const key = Symbol.for(name);
  const holder = globalThis as { [key: symbol]: Set<T> | undefined };
  return (holder[key] ??= new Set<T>());
}
