import { ServiceError, type ServiceErrorOptions } from './service-error';

// By names of their own, and not by properties: otherwise a bundler would take the whole catalogue for used.
const TIMEOUT = [504, 'timeout'] as const;
const STREAM_UNCREDITED = [
  429,
  'the stream ends after {items} items, because its reader grants no credit; read it with a natsmith client, or raise "maxUncredited" of the endpoint',
] as const;
const NO_SERVICE = [503, 'nobody answers as service "{service}"'] as const;
const NO_INSTANCE = [503, 'no instance of service "{service}" has the id {id}; found {found}'] as const;

/** Those of the catalogue that a client needs: a bundle for a browser has these, and no others. */
export const CLIENT_ERRORS = {
  timeout: TIMEOUT,
  streamUncredited: STREAM_UNCREDITED,
  noService: NO_SERVICE,
  noInstance: NO_INSTANCE,
} as const;

/**
 * Every error that natsmith itself answers or throws as a `ServiceError`: its code, and its description with `{…}` for
 * what varies. The reference of errors is held against it.
 */
export const ERRORS = {
  notUtf8: [400, 'body is not UTF-8'],
  notJson: [400, 'body is not valid JSON'],
  notDecoded: [400, 'body is not valid {codec}'],
  /** It nests too deep, or holds too many values. */
  bodyLimit: [400, '{problem}'],
  notTransformed: [400, 'payload cannot be transformed'],
  notValidated: [400, 'payload cannot be validated'],
  invalid: [400, 'validation failed'],
  invalidMore: [400, 'validation failed ({more} more violations are not shown)'],
  tooLarge: [413, '{what} of {size} bytes is over the limit of {max} bytes (option "maxBody")'],

  cancelled: [499, 'cancelled by the caller'],
  shed: [503, 'too many requests; try again later'],
  upstream: [502, 'upstream error'],
  stopping: [503, 'stopping'],
  stopped: [503, 'service is stopping'],
  timeout: TIMEOUT,
  internal: [500, 'internal error'],
  replyNotEncoded: [500, 'reply cannot be encoded'],
  replyTooLarge: [500, 'reply of {size} bytes is over max_payload ({max} bytes)'],

  uploadSubject: [400, 'header {header}: {problem}'],
  uploadBroken: [400, '{problem}'],
  uploadNotTaken: [400, 'this endpoint does not accept a stream; send one payload'],
  uploadEnded: [499, 'the caller has given up its stream'],
  uploadNotReceived: [500, 'the stream cannot be received'],
  uploadAfterEnd: [499, 'the request has ended'],
  otherAccount: [400, 'uploads and bodies in chunks do not reach a service in another account; send less'],
  streamSubject: [400, 'a stream cannot be sent: {problem}'],
  streamLeft: [499, 'the caller has left the stream'],
  streamGone: [499, 'the caller of the stream is gone'],
  streamNotControlled: [500, 'the stream cannot be controlled'],
  streamUnread: [429, 'the stream ends after {items} items, because nobody reads it'],
  streamUncredited: STREAM_UNCREDITED,
  itemTooLarge: [500, 'item of {size} bytes is over max_payload ({max} bytes)'],
  itemNotEncoded: [500, 'item cannot be encoded'],
  sizeNotANumber: [400, '{header} is not a number of bytes'],
  bodyIncomplete: [400, 'body has {what}'],
  replyOverChunks: [500, 'reply of {size} bytes is over the {max} bytes that go in chunks'],

  // Of callers and publishers, who get them before anything is sent.
  noService: NO_SERVICE,
  noInstance: NO_INSTANCE,
  notJsonValue: [400, 'a {type} cannot be sent as JSON'],
  notString: [400, 'codec "text" takes a string, got {type}'],
  notBytes: [400, 'a payload of bytes must be a Uint8Array, got {type}'],
  notCheckable: [
    500,
    'payloads of class {name} are checked by class-validator and class-transformer, which cannot be loaded: install both',
  ],
} as const satisfies Readonly<Record<string, readonly [code: number, description: string]>>;

/** The name of an error of the catalogue. */
export type ErrorName = keyof typeof ERRORS;

type ValuesOf<Description extends string> = Description extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ValuesOf<Rest>
  : never;
type Values<Name extends ErrorName> = Readonly<Record<ValuesOf<(typeof ERRORS)[Name][1]>, string | number>>;

/** Makes an error of the catalogue. @param values what stands for the `{…}` of its description */
export function errorNamed<Name extends ErrorName>(
  name: Name,
  ...[values, options]: [ValuesOf<(typeof ERRORS)[Name][1]>] extends [never]
    ? [values?: undefined, options?: ServiceErrorOptions]
    : [values: Values<Name>, options?: ServiceErrorOptions]
): ServiceError {
  return errorOf(ERRORS[name], values, options);
}

/** Makes an error of an entry of the catalogue. */
export function errorOf(
  [code, description]: readonly [code: number, description: string],
  values?: Readonly<Record<string, string | number>>,
  options?: ServiceErrorOptions,
): ServiceError {
  if (values === undefined) return new ServiceError(code, description, options);
  const filled = description.replace(/\{(\w+)\}/g, (_, token: string) => String(values[token]));
  return new ServiceError(code, filled, options);
}
