import { isStandardSchema, PRIMITIVES, type StandardSchema } from '@natsmith/protocol';
import type { PayloadClass, PayloadType } from '../define/handler';
import type { Class } from '../define/options';
import { isItemStream } from '../define/stream';

/** What a body must be before the handler sees it. */
export type Payload =
  | { readonly kind: 'none' }
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'primitive'; readonly type: 'string' | 'number' | 'boolean'; readonly array?: true }
  | { readonly kind: 'class'; readonly class: Class; readonly array: boolean }
  | { readonly kind: 'schema'; readonly schema: StandardSchema }
  | { readonly kind: 'stream'; readonly item: ItemPayload };

/** What an item of a stream must be. */
export type ItemPayload = Exclude<Payload, { readonly kind: 'stream' }>;

/** Whether a class has validation decorators; known to the room that knows class-validator. */
export type HasValidators = (target: Class) => boolean;

/** What the plan asks of the room that knows class-validator and class-transformer. */
export interface PayloadClasses {
  readonly hasValidators: HasValidators;
  /** Why no payload could ever be an instance of the class, or undefined when one can. */
  readonly problem?: ((target: Class) => string | undefined) | undefined;
}

const WAYS_OUT =
  'declare it as a class with class-validator decorators (imported without "type"), or say what it is: ' +
  '@Endpoint({ request: Class | [Class] | schema | "unchecked" })';

/**
 * Decides the payload of a handler from `request`, else from its first parameter; a string is what stands in the way.
 * @param isStandard the handler has standard decorators, which know no types
 */
export function decidePayload(
  request: PayloadType | undefined,
  parameterTypes: readonly unknown[] | undefined,
  arity: number,
  classes: PayloadClasses,
  isStandard = false,
): Payload | string {
  if (request !== undefined) return fromRequest(request, classes);
  if (parameterTypes === undefined) {
    if (arity === 0) return { kind: 'none' };
    if (isStandard)
      return (
        'has a payload whose type is unknown, because standard decorators do not know the types of a method; say what it ' +
        'is, which the compiler then checks: @Endpoint({ request: schema | Class | [Class] | "unchecked" })'
      );
    return (
      'has a payload whose type is unknown, because the compiler emitted no decorator metadata (esbuild and tsx do not): ' +
      'compile with tsc or swc and "emitDecoratorMetadata", or say what it is: ' +
      '@Endpoint({ request: Class | [Class] | schema | "unchecked" })'
    );
  }
  if (parameterTypes.length === 0 || parameterTypes[0] === undefined) return { kind: 'none' };
  const type = parameterTypes[0];
  if (type === Object) {
    return (
      'has a payload that cannot be checked at run time: its type is an interface, a type literal, a union, any, unknown ' +
      `or a class imported with "import type"; ${WAYS_OUT}`
    );
  }
  if (type === Array) {
    return 'has an array as its payload, whose items decorator metadata does not name; say @Endpoint({ request: [Class] })';
  }
  return fromType(type as PayloadClass, false, classes);
}

function fromRequest(request: PayloadType, classes: PayloadClasses): Payload | string {
  if (isItemStream(request)) {
    const item = fromRequest(request.streamOf, classes);
    return typeof item === 'string' ? item : { kind: 'stream', item: item as ItemPayload };
  }
  if (request === 'unchecked') return { kind: 'unchecked' };
  if (isStandardSchema(request)) return { kind: 'schema', schema: request };
  if (Array.isArray(request)) {
    const items = request as readonly unknown[];
    if (items.length !== 1)
      return `has a "request" array that is not [Class]; name exactly one class, that of the items, got ${items.length}`;
    if (isStandardSchema(items[0]))
      return 'has a "request" array that is not [Class]; name exactly one class, or write the array in the schema itself';
    if (typeof items[0] !== 'function')
      return (
        `has a "request" array that is not [Class]; name exactly one class, got [${shown(items[0])}]` +
        (items[0] === undefined ? ': is the class used before its declaration, or in a circular import?' : '')
      );
    return fromType(items[0] as PayloadClass, true, classes);
  }
  if (typeof request === 'function') return fromType(request, false, classes);
  return (
    `has a "request" that is not a class, [Class], Standard Schema or "unchecked": ${shown(request)}; write one of these, ` +
    'or leave it out where the type of the parameter is a class'
  );
}

function fromType(type: PayloadClass, array: boolean, classes: PayloadClasses): Payload | string {
  const primitive = PRIMITIVES.get(type);
  if (primitive !== undefined) return { kind: 'primitive', type: primitive, ...(array && { array }) };
  if (type === Uint8Array || type === Buffer) {
    if (!array) return { kind: 'bytes' };
    return 'has a "request" of several Uint8Arrays; take one, or a stream of them: request: stream("unchecked"), codec: "bytes"';
  }
  if (classes.hasValidators(type as Class)) {
    return classes.problem?.(type as Class) ?? { kind: 'class', class: type as Class, array };
  }
  const name = type.name || 'without a name';
  const foreign = BUILT_IN.get(type);
  if (foreign !== undefined) return `has the payload class ${name} without a validation decorator, ${foreign}`;
  if (!('prototype' in type))
    return `has a function as its "request" (${name}) that is not a class; write the class itself, not a function that gives it`;
  return (
    `has the payload class ${name} without a single validation decorator, so nothing could be checked and everything ` +
    'would be removed; decorate its properties with class-validator, whose decorators need "experimentalDecorators", ' +
    'take a schema (zod, valibot, arktype), or say @Endpoint({ request: "unchecked" })'
  );
}

const AS_CLASS = 'take a class that holds what you need, or say @Endpoint({ request: "unchecked" })';
/** Types that are not payload classes, and what to write instead. */
const BUILT_IN: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [
    Date,
    'which JSON has no value for; take a string (request: String) and make the Date in the handler, ' +
      'or a class with @IsDate() and @Type(() => Date) on a property',
  ],
  [Object, `which says nothing that could be checked; ${AS_CLASS}`],
  [Array, 'which does not say what its items are; write request: [Class]'],
  ...[Map, Set, WeakMap, WeakSet, RegExp, Error, Promise, ArrayBuffer, Function, Symbol, BigInt].map(
    (type) => [type, `which JSON has no value for; ${AS_CLASS}`] as const,
  ),
]);

function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'object' && value
      ? 'an object'
      : String(value);
}
