import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { PayloadClass, PayloadType } from '../define/handler';
import type { Class } from '../define/options';
import { isItemStream } from '../define/stream';

/** What a body must be before the handler sees it. */
export type Payload =
  | { readonly kind: 'none' }
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'primitive'; readonly type: 'string' | 'number' | 'boolean' }
  | { readonly kind: 'class'; readonly class: Class; readonly array: boolean }
  | { readonly kind: 'schema'; readonly schema: StandardSchemaV1 }
  | { readonly kind: 'stream'; readonly item: ItemPayload };

/** What an item of a stream must be. */
export type ItemPayload = Exclude<Payload, { readonly kind: 'stream' }>;

/** Whether a class has validation decorators; known to the room that knows class-validator. */
export type HasValidators = (target: Class) => boolean;

/** The constructors that decorator metadata names for primitive types, and what `typeof` says of their values. */
export const PRIMITIVES: ReadonlyMap<unknown, 'string' | 'number' | 'boolean'> = new Map<
  unknown,
  'string' | 'number' | 'boolean'
>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
]);

const WAYS_OUT =
  'declare it as a class with class-validator decorators (imported without "type"), or say what it is: ' +
  '@Endpoint({ request: Class | [Class] | schema | "unchecked" })';

/** Decides the payload of a handler from `request`, else from its first parameter; a text is what stands in the way. */
export function decidePayload(
  request: PayloadType | undefined,
  parameterTypes: readonly unknown[] | undefined,
  arity: number,
  hasValidators: HasValidators,
): Payload | string {
  if (request !== undefined) return fromRequest(request, hasValidators);
  if (parameterTypes === undefined) {
    if (arity === 0) return { kind: 'none' };
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
  return fromType(type as PayloadClass, false, hasValidators);
}

function fromRequest(request: PayloadType, hasValidators: HasValidators): Payload | string {
  if (isItemStream(request)) {
    const item = fromRequest(request.streamOf, hasValidators);
    return typeof item === 'string' ? item : { kind: 'stream', item: item as ItemPayload };
  }
  if (request === 'unchecked') return { kind: 'unchecked' };
  if (isStandardSchema(request)) return { kind: 'schema', schema: request };
  if (Array.isArray(request)) {
    const items = request as readonly unknown[];
    if (items.length !== 1 || typeof items[0] !== 'function')
      return 'has a "request" array that is not [Class]; name exactly one class';
    return fromType(items[0] as PayloadClass, true, hasValidators);
  }
  if (typeof request === 'function') return fromType(request, false, hasValidators);
  return 'has a "request" that is no class, [Class], Standard Schema or "unchecked"; is it undefined in a circular import?';
}

function fromType(type: PayloadClass, array: boolean, hasValidators: HasValidators): Payload | string {
  const primitive = PRIMITIVES.get(type);
  if (!array) {
    if (primitive !== undefined) return { kind: 'primitive', type: primitive };
    if (type === Uint8Array || type === Buffer) return { kind: 'bytes' };
  }
  if (hasValidators(type as Class)) return { kind: 'class', class: type as Class, array };
  return (
    `has the payload class ${type.name} without a single validation decorator, so nothing could be checked and everything ` +
    'would be removed; decorate its properties with class-validator, or say @Endpoint({ request: "unchecked" })'
  );
}

/** Whether a value is a Standard Schema; some libraries' schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value;
}
