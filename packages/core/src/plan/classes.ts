import { shown } from '@natsmith/protocol';
import { readDefinition, type ClassDefinition, type HandlerDefinition } from '../define/definition';
import type { Middleware } from '../define/handler';
import type { Class } from '../define/options';
import type { PayloadClasses } from '../payload/payload';
import type { Mistakes } from './definition-error';
import { checkQueueGroup, groupPrefixProblem } from './endpoint';
import { GROUP_OPTIONS } from './known-options';
import { checkedOptions } from './options';
import type { PlanningSource, SourcePlan, Surroundings } from './source';

/** What is found on the way through the classes of a service. */
export interface Walk {
  /** The name of the service. */
  readonly service: string;
  readonly payloads: PayloadClasses;
  readonly constructorProblem: (target: Class) => string | undefined;
  readonly kinds: ReadonlyMap<string, PlanningSource>;
  readonly mistakes: Mistakes;
  readonly handlers: SourcePlan[];
  readonly classes: Class[];
}

/** Adds the handlers of a service or group class, and the groups below its prefix. */
export function addClass(definition: ClassDefinition, outside: Surroundings, path: readonly Class[], walk: Walk): void {
  const { mistakes } = walk;
  const where = definition.class.name;
  walk.classes.push(definition.class);
  mistakes.add(where, walk.constructorProblem(definition.class));
  mistakes.add(where, thenProblem(definition.class));
  for (const { method, problem } of definition.contradictions)
    mistakes.add(method === undefined ? where : `${where}.${method}`, problem);

  const group = checkedGroup(where, definition.group, mistakes);
  const inside = withGroup(where, outside, group, mistakes);
  for (const handler of definition.handlers) planHandler(handler, `${where}.${handler.method}`, inside, walk);
  for (const mounted of group?.options.groups ?? [])
    mountGroup(mounted, where, inside, [...path, definition.class], walk);
}

function planHandler(handler: HandlerDefinition, where: string, inside: Surroundings, walk: Walk): void {
  const { source: marked } = handler.mark;
  // Another copy of the package may have made the mark; what runs its own kinds is the copy that runs the host.
  const source = walk.kinds.get(marked.kind) ?? (marked as PlanningSource);
  const group = checkedGroup(where, handler.groups[0], walk.mistakes);
  if (group?.options.groups !== undefined)
    walk.mistakes.add(where, 'mounts groups in a @Group on a method; mount them in the @Group of the class');
  const around = withGroup(where, inside, group, walk.mistakes);
  const use = Object.freeze([...around.use, ...knownMiddleware(where, handler.use, walk.mistakes)]);
  const plans = source.plan(handler, {
    service: walk.service,
    use,
    maxBody: around.limits.maxBody,
    endpoints: { ...around, use },
    payloads: walk.payloads,
    where,
    mistake: (problem) => walk.mistakes.add(where, problem),
  });
  for (const plan of plans) walk.handlers.push({ source, plan });
}

/** An async container, and everybody who gets an instance from an async function, would wait for it for ever. */
function thenProblem(target: Class): string | undefined {
  if (!('then' in (target.prototype as object))) return undefined;
  return (
    'has a method named "then", so that JavaScript takes its instances for promises; ' +
    "give the method another name, and the endpoint its own: @Endpoint('then')"
  );
}

/** Adds the handlers of a group class. @param by the class that mounts it, for messages */
export function mountGroup(group: Class, by: string, outside: Surroundings, path: readonly Class[], walk: Walk): void {
  if (typeof group !== 'function') {
    walk.mistakes.add(
      by,
      `mounts ${String(group)} as a group; is a class used before its declaration, or a circular import?`,
    );
    return;
  }
  if (path.includes(group)) {
    walk.mistakes.add(by, `mounts ${group.name}, which mounts it in turn; remove one of the two`);
    return;
  }
  const definition = readDefinition(group);
  if (definition.service !== undefined)
    walk.mistakes.add(
      by,
      `mounts ${group.name}, which is a service; mount classes with @Group, or pass it to create()`,
    );
  else if (definition.group === undefined)
    walk.mistakes.add(by, `mounts ${group.name}, which has no @Group; write @Group('prefix') above the class`);
  else {
    const use = knownMiddleware(group.name, definition.use, walk.mistakes);
    addClass(definition, { ...outside, use: [...outside.use, ...use] }, path, walk);
  }
}

/** What of `@Use` is middleware; what else there is, is noted. */
export function knownMiddleware(where: string, use: readonly Middleware[], mistakes: Mistakes): Middleware[] {
  return use.filter((one: unknown) => {
    if (typeof one === 'function') return true;
    mistakes.add(
      where,
      `has ${shown(one)} in @Use, which takes middleware, (ctx, next) => …` +
        (one === undefined ? '; is it used before its declaration, or in a circular import?' : ''),
    );
    return false;
  });
}

function checkedGroup(where: string, group: ClassDefinition['group'], mistakes: Mistakes): ClassDefinition['group'] {
  if (group === undefined) return undefined;
  const note = (problem: string): void => mistakes.add(where, problem);
  return { ...group, options: checkedOptions(group.options, GROUP_OPTIONS, '@Group', note) };
}

function withGroup(
  where: string,
  around: Surroundings,
  group: ClassDefinition['group'],
  mistakes: Mistakes,
): Surroundings {
  if (group === undefined) return around;
  mistakes.add(where, groupPrefixProblem(group.prefix));
  checkQueueGroup(where, group.options.queueGroup, mistakes);
  return {
    ...around,
    prefixes: [...around.prefixes, group.prefix],
    queueGroups: [...around.queueGroups, group.options.queueGroup],
  };
}
