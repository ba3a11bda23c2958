import { readDefinition } from '../define/definition';
import type { Class } from '../define/options';
import type { Mistakes } from './definition-error';
import type { ServicePlan } from './plan';

/** The service classes that `create()` was given, by themselves or by an instance; what is neither is noted. */
export function serviceClasses(given: readonly unknown[], mistakes: Mistakes): Class[] {
  if (given.length === 0)
    mistakes.add('create()', 'was given no service; pass a class with @Service, or an instance of one');
  const seen = new Map<Class, 'a class' | 'an instance'>();
  const services: Class[] = [];
  for (const target of given) {
    const from = typeof target === 'function' ? 'a class' : 'an instance';
    const targetClass = from === 'a class' ? (target as Class) : classOf(target);
    if (targetClass === undefined) {
      mistakes.add(
        'create()',
        `was given ${shown(target)} as a service; pass a class with @Service, or an instance of one`,
      );
      continue;
    }
    const before = seen.get(targetClass);
    seen.set(targetClass, from);
    if (before !== undefined) mistakes.add(targetClass.name, twiceProblem(before, from));
    else if (from === 'a class' || readDefinition(targetClass).service !== undefined) services.push(targetClass);
  }
  return services;
}

/** The instances that `create()` was given, by their class. */
export function givenInstances(given: readonly unknown[]): Map<Class, object> {
  const instances = new Map<Class, object>();
  for (const target of given) {
    const targetClass = classOf(target);
    if (targetClass !== undefined) instances.set(targetClass, target as object);
  }
  return instances;
}

/** Notes instances that no service would use. */
export function checkUnused(
  instances: ReadonlyMap<Class, object>,
  services: readonly ServicePlan[],
  mistakes: Mistakes,
): void {
  const used = new Set(services.flatMap(({ classes }) => classes));
  for (const targetClass of instances.keys()) {
    if (used.has(targetClass)) continue;
    const { name } = targetClass;
    mistakes.add(
      'create()',
      readDefinition(targetClass).group === undefined
        ? `was given an instance of ${name}, which has neither @Service nor @Group${hint(targetClass)}`
        : `was given an instance of ${name}, a group that none of the services mounts; ` +
            `mount it, @Service({ groups: [${name}] }), or leave the instance out`,
    );
  }
}

function classOf(target: unknown): Class | undefined {
  if (typeof target !== 'object' || target === null) return undefined;
  const prototype = Object.getPrototypeOf(target) as { constructor?: unknown } | null;
  return typeof prototype?.constructor === 'function' ? (prototype.constructor as Class) : undefined;
}

function twiceProblem(before: string, now: string): string {
  if (before !== now) return 'is given as a class and as an instance; keep the instance';
  return before === 'a class'
    ? 'is listed twice; list each service once, and run more processes for more instances'
    : 'is given as two instances; a host runs one instance of a class, so make a create() for each';
}

function hint(targetClass: Class): string {
  if (targetClass === Promise) return '; await the promise';
  if (targetClass === Array) return '; list all services in one array';
  return `; decorate the class, or leave the instance out`;
}

function shown(target: unknown): string {
  return typeof target === 'string'
    ? JSON.stringify(target)
    : typeof target === 'object' && target
      ? 'an object without a class'
      : String(target);
}
