// `any` is recognized by 0 being assignable to 1 & any.
type IsAny<T> = 0 extends 1 & T ? true : false;
type Dropped = symbol | ((...args: never) => unknown);

/** What is left of a value when it has travelled as JSON: a Date is a string, a method is gone. */
export type Serialized<T> =
  IsAny<T> extends true
    ? unknown
    : T extends Uint8Array
      ? T
      : T extends { toJSON(): infer Json }
        ? Serialized<Json>
        : T extends string | number | boolean | null | undefined | void
          ? T
          : T extends Dropped
            ? undefined
            : T extends bigint
              ? never
              : T extends readonly unknown[]
                ? { -readonly [Index in keyof T]: SerializedItem<T[Index]> }
                : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
                  ? never
                  : T extends object
                    ? { [Key in keyof T as IsDropped<T[Key], Key>]: Serialized<T[Key]> }
                    : T;

// In an array JSON has null for what an object would leave out.
type SerializedItem<T> = T extends Dropped | undefined ? null : Serialized<T>;
type IsDropped<Value, Key> = Key extends symbol
  ? never
  : IsAny<Value> extends true
    ? Key
    : [Value] extends [Dropped | undefined]
      ? [Value] extends [undefined]
        ? Key
        : never
      : Key;
