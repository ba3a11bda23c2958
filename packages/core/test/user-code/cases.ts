import type { Codec, EndpointOptions, Middleware, RequestContext } from '@natsmith/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Transform } from 'class-transformer';
import { IsOptional, Validate, ValidateBy, ValidatorConstraint } from 'class-validator';
import { detached, LyingBytes, never, thenables, thrown, trap, unencodable, withGetter } from './values';

/** One place × one misbehaviour. */
export interface Case {
  readonly name: string;
  readonly handler: (payload: never, ctx: RequestContext) => unknown;
  readonly options?: Omit<EndpointOptions, 'name'>;
  readonly middleware?: Middleware;
  /** `ok <body>`, the error code, `none` where no reply comes, or of a stream `<items> <end | code>`. */
  readonly outcome: string;
  /** A reader that leaves after the first item, and is not answered any more. */
  readonly leaves?: true;
}

export const cases: Case[] = [];

const add = (place: string, what: string, rest: Omit<Case, 'name'>): void => {
  cases.push({ name: `${place} ${what}`, ...rest });
};
const fine = (): string => 'fine';
const refuse = (): never => {
  throw new Error('no');
};
const reject = (): Promise<never> => Promise.reject(new Error('no'));

// Handlers
for (const [what, value] of Object.entries(thrown)) {
  add('a handler throws', what, {
    handler: () => {
      throw value();
    },
    outcome: '500',
  });
  add('a handler rejects with', what, {
    handler: async () => {
      await Promise.resolve();
      throw value();
    },
    outcome: '500',
  });
}
add('a handler', 'hangs', { handler: () => never, outcome: 'none' });
for (const [what, { value, outcome }] of Object.entries(thenables))
  add('a handler returns a thenable', what, { handler: value, outcome });
for (const [what, value] of Object.entries(unencodable)) {
  add('a handler returns', what, { handler: value, outcome: '500' });
  add('a handler resolves to', what, { handler: async () => value(), outcome: '500' });
}
add('a handler returns', 'a proxy that throws when it is asked for a property', {
  handler: () => new Proxy({}, { has: refuse }),
  outcome: '500',
});
add('a handler returns', 'an ArrayBuffer', { handler: () => Uint8Array.of(97, 98).buffer, outcome: 'ok ab' });
add('a handler returns', 'a DataView', {
  handler: () => new DataView(Uint8Array.of(97, 98, 99).buffer, 1, 1),
  outcome: 'ok b',
});
add('a handler returns', 'bytes that lie about their length', {
  handler: () => new LyingBytes([97, 98]),
  outcome: 'ok ab',
});
add('a handler returns', 'bytes that were handed to a worker', { handler: detached, outcome: 'ok ' });
add('a handler returns', 'an Error that has a JSON form', {
  handler: () => Object.assign(new Error('hidden'), { toJSON: () => 'shown' }),
  outcome: 'ok "shown"',
});

// Middleware
const around = (what: string, middleware: Middleware, outcome: string): void =>
  add('a middleware', what, { handler: fine, middleware, outcome });
around('throws', refuse, '500');
around('rejects', reject, '500');
around('hangs', () => never, 'none');
around('throws after next()', async (_, next) => (await next(), refuse()), '500');
around('calls next() twice', async (_, next) => (await next(), next()), '500');
around('does not await next()', (_, next) => (void next(), 'lost'), '500');
around(
  'throws a proxy',
  () => {
    throw trap() as Error;
  },
  '500',
);
for (const [what, { value, outcome }] of Object.entries(thenables))
  around(`returns a thenable ${what}`, value, outcome);

// Codecs
const codec = (part: Partial<Codec>): Pick<EndpointOptions, 'codec'> => ({
  codec: { name: 'mine', decode: () => 'decoded', encode: () => Buffer.from('encoded'), ...part },
});
const encoding = (what: string, encode: () => unknown, outcome: string): void =>
  add('an encode()', what, { handler: fine, options: codec({ encode: encode as Codec['encode'] }), outcome });
encoding('throws', refuse, '500');
encoding('rejects', reject, '500');
encoding('hangs', () => never, '500');
encoding('returns a string', () => 'ä', 'ok ä');
encoding('returns a number', () => 7, '500');
encoding('returns nothing', () => undefined, '500');
encoding('returns a proxy of bytes', () => new Proxy(new Uint8Array(2), {}), '500');
encoding('returns bytes that lie about their length', () => new LyingBytes([97]), 'ok a');
encoding('returns a thenable that throws', () => ({ then: refuse }), '500');
const decoding = (what: string, decode: () => unknown, outcome: string): void =>
  add('a decode()', what, { handler: fine, options: codec({ decode }), outcome });
decoding('throws', refuse, '400');
decoding(
  'throws a proxy',
  () => {
    throw trap() as Error;
  },
  '400',
);
decoding('rejects', reject, '500');
decoding('hangs', () => never, '500');
decoding('returns a proxy', () => trap(), '500');

// Standard Schemas
const validating = (what: string, validate: () => unknown, outcome: string): void => {
  const schema = { '~standard': { version: 1, vendor: 'mine', validate } } as StandardSchemaV1;
  add('a schema', what, { handler: fine, options: { request: schema }, outcome });
};
validating('throws', refuse, '500');
validating('rejects', reject, '500');
validating('hangs', () => never, 'none');
validating('returns nothing', () => undefined, '500');
validating('returns issues that are not a list', () => ({ issues: 7 }), '500');
validating('returns an issue whose message throws', () => ({ issues: [withGetter({}, 'message')] }), '500');
validating('returns an issue that has no JSON form', () => ({ issues: [{ message: 1n }] }), '500');
validating('returns a thenable that throws', () => ({ then: refuse }), '500');
validating('returns a value that rejects', () => ({ value: { then: (_: unknown, no: () => void) => no() } }), '500');

// Decorators of class-validator and class-transformer
const by = (validate: () => unknown, async = false): PropertyDecorator =>
  ValidateBy({ name: 'mine', async, validator: { validate: validate as () => boolean } });
class ThrowingValidator {
  @by(refuse) a!: unknown;
}
class RejectingValidator {
  @by(reject, true) a!: unknown;
}
class HangingValidator {
  @by(() => never, true) a!: unknown;
}
@ValidatorConstraint({ name: 'unspeakable' })
class Unspeakable {
  validate(): boolean {
    return false;
  }
  defaultMessage(): string {
    return refuse();
  }
}
class ThrowingMessage {
  @Validate(Unspeakable) a!: unknown;
}
class ThrowingTransform {
  @Transform(refuse) @IsOptional() a!: unknown;
}
class RejectingTransform {
  @Transform(reject) @IsOptional() a!: unknown;
}
const validated = (what: string, request: EndpointOptions['request'], outcome: string): void =>
  add('a payload class', what, { handler: fine, options: { request: request! }, outcome });
validated('has a validator that throws', ThrowingValidator, '400');
validated('has a validator that rejects', RejectingValidator, '500');
validated('has a validator that hangs', HangingValidator, 'none');
validated('has a message that throws', ThrowingMessage, '400');
validated('has a transform that throws', ThrowingTransform, '400');
validated('has a transform that rejects', RejectingTransform, 'ok "fine"');

// Async iterators
type Step = () => unknown;
function iterate(next: Step, end?: Step, start?: Step): () => AsyncIterable<unknown> {
  return () => ({
    [Symbol.asyncIterator]: () => {
      start?.();
      return { next, ...(end && { return: end }) } as AsyncIterator<unknown>;
    },
  });
}
/** One item, then what is given. */
const oneThen = (then: Step): Step => {
  let isFirst = true;
  return () => {
    if (!isFirst) return then();
    isFirst = false;
    return Promise.resolve({ done: false, value: 'item' });
  };
};
const items = (what: string, handler: () => unknown, outcome: string): void =>
  add('an iterator', what, { handler, outcome });
items('cannot be begun', iterate(refuse, undefined, refuse), '0 500');
items('throws', iterate(oneThen(refuse)), '1 500');
items('rejects', iterate(oneThen(reject)), '1 500');
items('hangs', iterate(oneThen(() => never)), '1 none');
items('returns what is not a promise', iterate(oneThen(() => ({ done: true }))), '1 end');
items('returns what is not an object', iterate(oneThen(() => 7)), '1 500');
items('gives nothing', iterate(oneThen(() => undefined)), '1 500');
items('gives a result whose "done" throws', iterate(oneThen(() => withGetter({}, 'done'))), '1 500');
items('gives a thenable that throws', iterate(oneThen(() => ({ then: refuse }))), '1 500');
for (const [what, value] of Object.entries(unencodable))
  items(`gives ${what}`, iterate(oneThen(async () => ({ done: false, value: value() }))), '1 500');
items(
  'is a generator that throws',
  async function* () {
    yield 'item';
    refuse();
  },
  '1 500',
);
const endless = oneThen(() => new Promise((resolve) => setTimeout(resolve, 5, { done: false, value: 'more' })));
for (const [what, end] of Object.entries<Step>({
  'throws in return()': refuse,
  'rejects in return()': reject,
  'hangs in return()': () => never,
  'returns nothing from return()': () => undefined,
  'returns a thenable that throws from return()': () => ({ then: refuse }),
})) {
  add('an iterator that is left', what, { handler: iterate(endless, end), outcome: 'left', leaves: true });
  items(
    `gives a Map, and ${what}`,
    iterate(
      oneThen(async () => ({ done: false, value: new Map() })),
      end,
    ),
    '1 500',
  );
}
add('an iterator that is left', 'hangs', {
  handler: iterate(oneThen(() => never)),
  outcome: 'left',
  leaves: true,
});
