import { anObject, shown } from '@natsmith/protocol';
import type { Middleware } from './handler';
import { lineage, ownMarks, parameterTypes, returnType, type GroupMark, type HandlerMark } from './metadata';
import type { Class, ServiceOptions } from './options';

/** One method with the decorator of a kind of handler, as it was written. */
export interface HandlerDefinition {
  readonly class: Class;
  readonly method: string;
  readonly mark: HandlerMark;
  /** The `@Group` marks of the method; more than one is a mistake. */
  readonly groups: readonly GroupMark[];
  readonly use: readonly Middleware[];
  /** Of `@Metadata` on the class and the method. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether the decorator is a standard (TC39) one, for which no compiler emits the types of a method. */
  readonly isStandard: boolean;
  /** Undefined where the compiler wrote no decorator metadata. */
  readonly parameterTypes: readonly unknown[] | undefined;
  readonly returnType: unknown;
  /** How many parameters the method itself says it has. */
  readonly arity: number;
}

/** A decorated class, its parents merged in: a service, or a group that services mount. */
export interface ClassDefinition {
  readonly class: Class;
  readonly service: ServiceOptions | undefined;
  readonly group: GroupMark | undefined;
  readonly use: readonly Middleware[];
  readonly handlers: readonly HandlerDefinition[];
  readonly statsHandlers: readonly string[];
  /** What the decorators contradict, each with the method that it stands on, if any. */
  readonly contradictions: readonly { readonly method?: string; readonly problem: string }[];
}

interface MethodSoFar {
  mark?: HandlerMark;
  metadata: Readonly<Record<string, string>>;
  groups: readonly GroupMark[];
  use: Middleware[];
  statsHandler: boolean;
  /** The class whose decorators say what the parameters are. */
  decorated: Class;
  isStandard: boolean;
}

/** Reads what the decorators left on a class and its parents; a subclass's words win over its parent's. */
export function readDefinition(target: Class): ClassDefinition {
  let service: ServiceOptions | undefined;
  let group: GroupMark | undefined;
  const use: Middleware[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  const methods = new Map<string, MethodSoFar>();
  const contradictions: { method?: string; problem: string }[] = [];

  for (const ancestor of lineage(target).reverse()) {
    const marks = ownMarks(ancestor);
    if (marks === undefined) continue;
    if (marks.services.length > 1) contradictions.push({ problem: 'has @Service more than once; keep one' });
    if (marks.groups.length > 1)
      contradictions.push({ problem: 'has @Group more than once; join the prefixes with "." in one @Group' });
    service = marks.services[0] ?? service;
    group = marks.groups[0] ?? group;
    use.push(...marks.use);
    metadata = { ...metadata, ...metadataIn(marks.metadata, (problem) => contradictions.push({ problem })) };
    for (const [method, problem] of marks.misplaced) contradictions.push({ method, problem });
    for (const [key, method] of marks.methods) {
      const problem =
        typeof key === 'symbol'
          ? 'is named by a symbol; give the method a name that is a string'
          : method.handlers.length > 1
            ? `has ${decoratorsOf(method.handlers)}; write one method for each`
            : method.groups.length > 1
              ? 'has @Group more than once; join the prefixes with "." in one @Group'
              : undefined;
      if (problem !== undefined) contradictions.push({ method: String(key), problem });
      if (typeof key === 'symbol') continue;
      const before = methods.get(key);
      const redecorated = method.handlers[0] !== undefined;
      methods.set(key, {
        mark: method.handlers[0] ?? before?.mark,
        metadata: {
          ...before?.metadata,
          ...metadataIn(method.metadata, (problem) => contradictions.push({ method: key, problem })),
        },
        groups: method.groups.length > 0 ? method.groups : (before?.groups ?? []),
        // A subclass that overrides an endpoint does not lose its parent's guards.
        use: [...(before?.use ?? []), ...method.use],
        statsHandler: method.statsHandler === true || before?.statsHandler === true,
        decorated: redecorated || before === undefined ? ancestor : before.decorated,
        isStandard: redecorated || before === undefined ? marks.isStandard : before.isStandard,
      });
    }
  }

  const prototype = target.prototype as Record<string, unknown>;
  const handlers: HandlerDefinition[] = [];
  const statsHandlers: string[] = [];
  for (const [method, found] of methods) {
    const { mark, groups, use: methodUse, statsHandler, decorated, isStandard } = found;
    const fn = readMethod(prototype, method);
    if (typeof fn !== 'function') {
      contradictions.push({ method, problem: 'is not a method; decorate a method of the class' });
      continue;
    }
    if (statsHandler) statsHandlers.push(method);
    if (mark === undefined) {
      if (!statsHandler)
        contradictions.push({
          method,
          problem:
            'has @Group, @Use or @Metadata but no @Endpoint; add @Endpoint() or the decorator of another kind of handler',
        });
      continue;
    }
    if (groups.length > 0 && mark.source.takesGroup !== true)
      contradictions.push({ method, problem: `has @Group, which does not prefix ${mark.source.decorator}; remove it` });
    const owner = decorated.prototype as object;
    handlers.push({
      class: target,
      method,
      mark,
      groups,
      use: methodUse,
      metadata: { ...metadata, ...found.metadata },
      isStandard,
      parameterTypes: parameterTypes(owner, method),
      returnType: returnType(owner, method),
      arity: fn.length,
    });
  }
  return { class: target, service, group, use, handlers, statsHandlers, contradictions };
}

/** What `@Metadata` says; where several name a key, the first one written wins. What is not an object is a mistake. */
function metadataIn(given: readonly unknown[], note: (problem: string) => void): Record<string, string> {
  // Decorators run from the bottom up.
  const objects = given.filter((one) => {
    const isObject = anObject(one) === undefined;
    if (!isObject) note(`has @Metadata(${shown(one)}), which takes an object of strings; give { key: "value" }`);
    return isObject;
  });
  return Object.assign({}, ...objects) as Record<string, string>;
}

function decoratorsOf(marks: readonly HandlerMark[]): string {
  // Decorators run from the bottom up; they are named as they are written.
  const names = [...new Set(marks.map(({ source }) => source.decorator))].reverse();
  return names.length === 1 ? `${names[0]} more than once` : names.join(' and ');
}

/** A getter may throw without an instance; one that gives a function counts, as decorators that bind methods make it. */
function readMethod(prototype: Record<string, unknown>, name: string): unknown {
  try {
    return prototype[name];
  } catch {
    return undefined;
  }
}
