import type { StandardSchema } from './standard-schema';

/** Turns bodies into values and back. Whatever `decode` throws is a 400, whatever `encode` throws a 500. */
export interface Codec<T = unknown> {
  /** Shown in errors and logs. */
  readonly name: string;
  decode(body: Uint8Array): T;
  /** A string goes out as UTF-8. */
  encode(value: T): Uint8Array | string;
}

/** A codec of natsmith's own, by name. `json` is the default. */
export type CodecName = 'json' | 'text' | 'bytes';

/** A class that payloads are instances of. */
// An abstract signature of `never` accepts every constructor without saying `any`.
export type PayloadClass<T = unknown> = abstract new (...args: never) => T;

declare const uncheckedOf: unique symbol;

/** A payload that has a type and is not checked; made by {@link unchecked}. */
export type Unchecked<T> = 'unchecked' & { readonly [uncheckedOf]: T };

/** Gives a payload a type without a check at run time: `event('audit.log', unchecked<Entry>())`. */
export function unchecked<T>(): Unchecked<T> {
  return 'unchecked' as Unchecked<T>;
}

/** What one payload is: a class, an array of it, a Standard Schema, or `'unchecked'`. */
export type ItemType = PayloadClass | readonly [PayloadClass] | StandardSchema | 'unchecked';

/** A stream of items, in the place of one payload or reply. */
export interface ItemStream<Item extends ItemType = ItemType> {
  readonly streamOf: Item;
}

/** What `request` and `response` take: a class, an array of it, a Standard Schema, `'unchecked'`, or a stream of these. */
export type PayloadType = ItemType | ItemStream;

/** The value that a {@link PayloadType} stands for, as a handler gets it; `never` for `'unchecked'`, which fits every parameter. */
export type PayloadOf<P> =
  P extends Unchecked<infer T>
    ? T
    : P extends 'unchecked'
      ? never
      : P extends ItemStream<infer Item>
        ? AsyncIterable<PayloadOf<Item>>
        : P extends StandardSchema<infer _I, infer O>
          ? O
          : P extends NumberConstructor
            ? number
            : P extends StringConstructor
              ? string
              : P extends BooleanConstructor
                ? boolean
                : P extends readonly [infer Item]
                  ? PayloadOf<Item>[]
                  : P extends PayloadClass<infer T>
                    ? T
                    : never;

/** The value that a sender gives for a {@link PayloadType}: a schema's input, and all else as the handler gets it. */
export type InputOf<P> =
  P extends Unchecked<infer T>
    ? T
    : P extends 'unchecked'
      ? unknown
      : P extends StandardSchema<infer I>
        ? I
        : PayloadOf<P>;

declare const inputOf: unique symbol;

/**
 * The payload of a handler that a schema checks: what the schema gives, and, for typed calls, what it takes.
 * `get(query: Payload<typeof Query>)` may be called with what `Query` takes, defaults left out.
 */
export type Payload<Schema extends StandardSchema> =
  Schema extends StandardSchema<infer I, infer O> ? O & { readonly [inputOf]?: I } : never;

/** What a caller sends for a handler's parameter. */
export type SentPayload<P> = P extends { readonly [inputOf]?: infer I } ? (unknown extends I ? P : I) : P;
