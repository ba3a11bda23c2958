import { marksOf, methodMarksOf } from './metadata';
import type { Middleware, PayloadOf, PayloadType, RequestContext } from './handler';
import type { EndpointOptions, GroupOptions, ServiceOptions, StatsHandlerMethod } from './options';

/** A method that can serve an endpoint whose payload is `P` and whose reply is `R`. */
type EndpointMethod<P, R> = (payload: P, ctx: RequestContext) => R | Promise<R> | AsyncIterable<R>;

type ReplyOf<Response extends PayloadType> = [PayloadOf<Response>] extends [never] ? unknown : PayloadOf<Response>;

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

/**
 * Makes a method an endpoint: `(payload, ctx) => reply`. A text is the endpoint's name.
 * The method's parameter must accept what `request` stands for, and its reply be what `response` stands for.
 */
export function Endpoint<Request extends PayloadType = 'unchecked', Response extends PayloadType = 'unchecked'>(
  options: string | EndpointOptions<Request, Response> = {},
): <Method extends EndpointMethod<PayloadOf<Request>, ReplyOf<Response>>>(
  target: object,
  method: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void {
  return (target, method) => {
    methodMarksOf(target, method).endpoints.push(typeof options === 'string' ? { name: options } : options);
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
