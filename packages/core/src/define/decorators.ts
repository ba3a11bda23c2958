import { declareService } from './declared-services';
import { classMarksAt, marksAt, methodMarksAt } from './metadata';
import type { Middleware } from './handler';
import type { Class, GroupOptions, ServiceOptions, StatsHandlerMethod } from './options';

/**
 * A decorator of a method whose parameters and result are those of `F`, as an experimental decorator and as a standard
 * one. With both the compiler checks the method that it stands on.
 */
// A union of tuples, not two overloads: the compiler then gives one error, which ends in its cause.
export type HandlerDecorator<F extends (...args: never) => unknown> = <M extends F>(
  ...args:
    | [target: object, method: string, descriptor: TypedPropertyDescriptor<M>]
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the context's own type asks for, as "this"
    | [method: M, context: ClassMethodDecoratorContext<any, M>]
) => void;

/** A decorator of a class, of either kind. */
export type DecoratorOfClass = (...args: [target: object] | [target: AnyClass, context: ClassDecoratorContext]) => void;

/** A decorator of a class or of a method, of either kind. */
export type DecoratorOfClassOrMethod = (
  ...args:
    | Parameters<DecoratorOfClass>
    | [target: object, method: string | symbol, descriptor: PropertyDescriptor]
    | [method: (...args: never) => unknown, context: ClassMethodDecoratorContext]
) => void;

type AnyClass = abstract new (...args: never) => unknown;

/** Makes a class a service: its `@Endpoint` methods answer requests, and it is found by `$SRV` (ADR-32). */
export function Service(options: ServiceOptions): DecoratorOfClass {
  return (...[target, place]) => {
    classMarksAt(target, place).services.push(options);
    declareService(target as Class);
  };
}

/**
 * Prefixes subjects: of all endpoints of a class, or of one method. On a class without `@Service` it makes a group that
 * services and other groups can mount.
 */
export function Group(prefix: string, options: GroupOptions = {}): DecoratorOfClassOrMethod {
  return (...[target, place]) => {
    const marks = marksAt(target, place);
    marks.groups.push({ prefix, options });
  };
}

/** Runs middleware around every endpoint of a service or group class, or around one method; the first is outermost. */
export function Use(...middleware: Middleware[]): DecoratorOfClassOrMethod {
  return (...[target, place]) => {
    const marks = marksAt(target, place);
    // Decorators run from the bottom up; what is written first is to run first.
    marks.use.unshift(...middleware);
  };
}

/**
 * Adds metadata to the handlers of a class, or to one: `ctx.handler.metadata` and INFO show it. What decorators of your
 * own are made of: `const Roles = (...roles: string[]) => Metadata({ roles: roles.join(',') })`.
 */
export function Metadata(metadata: Record<string, string>): DecoratorOfClassOrMethod {
  return (...[target, place]) => {
    marksAt(target, place).metadata.push(metadata);
  };
}

/** Marks the method of a service that gives each endpoint's `data` in STATS, within 200 ms (ADR-32, STATS). */
export function StatsHandler(): HandlerDecorator<StatsHandlerMethod> {
  return (...[target, place]) => {
    methodMarksAt(target, place).statsHandler = true;
  };
}
