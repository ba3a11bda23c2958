import type { Class } from './options';

// Symbol.for: two copies of this package in one process know the same services.
const DECLARED = Symbol.for('natsmith.services');

function declared(): Set<Class> {
  const holder = globalThis as { [DECLARED]?: Set<Class> };
  return (holder[DECLARED] ??= new Set());
}

/** Notes a class that `@Service` stands on. */
export function declareService(target: Class): void {
  declared().add(target);
}

/** All service classes that this process has declared until now, in their order; for tools that look at a program. */
export function declaredServices(): readonly Class[] {
  return [...declared()];
}
