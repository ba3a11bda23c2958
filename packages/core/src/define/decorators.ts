import { marksOf, methodMarksOf } from './metadata';
import type { Middleware } from './handler';
import type { GroupOptions, ServiceOptions, StatsHandlerMethod } from './options';

/** Makes a class a service: its `@Endpoint` methods answer requests, and `$SRV` tells of it (ADR-32). */
export function Service(options: ServiceOptions): ClassDecorator {
  return (target) => {
    marksOf(target).services.push(options);
  };
}

/**
 * Prefixes subjects: of all endpoints of a class, or of one method. On a class without `@Service` it makes a group that
 * services and other groups can mount.
 */
export function Group(prefix: string, options: GroupOptions = {}): ClassDecorator & MethodDecorator {
  return (target: object, method?: string | symbol) => {
    const marks = method === undefined ? marksOf(target) : methodMarksOf(target, method);
    marks.groups.push({ prefix, options });
  };
}

/** Runs middleware around every endpoint of a service or group class, or around one method; the first is outermost. */
export function Use(...middleware: Middleware[]): ClassDecorator & MethodDecorator {
  return (target: object, method?: string | symbol) => {
    const marks = method === undefined ? marksOf(target) : methodMarksOf(target, method);
    // Decorators run from the bottom up; what is written first is to run first.
    marks.use.unshift(...middleware);
  };
}

/**
 * Adds metadata to the handlers of a class, or to one: `ctx.handler.metadata` and INFO show it. What decorators of your
 * own are made of: `const Roles = (...roles: string[]) => Metadata({ roles: roles.join(',') })`.
 */
export function Metadata(metadata: Record<string, string>): ClassDecorator & MethodDecorator {
  return (target: object, method?: string | symbol) => {
    const marks = method === undefined ? marksOf(target) : methodMarksOf(target, method);
    // Decorators run from the bottom up; what is written first wins.
    marks.metadata = { ...marks.metadata, ...metadata };
  };
}

/** Marks the method of a service that gives each endpoint's `data` in STATS, within 200 ms (ADR-32, STATS). */
export function StatsHandler(): <Method extends StatsHandlerMethod>(
  target: object,
  method: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void {
  return (target, method) => {
    methodMarksOf(target, method).statsHandler = true;
  };
}
