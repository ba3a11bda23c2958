import { declaredSet } from '@natsmith/protocol';
import type { Class } from './options';

const declared = declaredSet<Class>('natsmith.services');

/** Notes a class that `@Service` stands on. */
export function declareService(target: Class): void {
  declared.add(target);
}

/** All service classes that this process has declared until now, in their order; for tools that look at a program. */
export function declaredServices(): readonly Class[] {
  return [...declared];
}
