import 'reflect-metadata';
import { ServiceError } from '@natsmith/protocol';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import * as v from 'class-validator';
import type { ValidationOptions, ValidatorOptions } from 'class-validator';
import * as fc from 'fast-check';
import { inspect } from 'node:util';
import { odd } from '../../test/compiled/compiled-class.classes';
import { CASES, EXPORTED, Leaf } from '../../test/compiled/compiled-class.decorators';
import { copy, forgetting, type Target } from '../../test/compiled/compiled-class.oracle';
import { decorated } from '../../test/compiled/decorator-options';
import { RULES } from './json-schema/constraints';
import { requestSchema } from './schema';
import { validatorFor } from './validator';

const RUNS = Number(process.env.FUZZ_RUNS ?? 200);
const TIMEOUT = 60_000 + RUNS * 100;

const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
addFormats(ajv);

/** What the schema in INFO says of a class. */
function schemaOf(target: Target, options?: ValidatorOptions): Record<string, unknown> {
  return JSON.parse(requestSchema({ kind: 'class', class: target, array: false }, options)!) as Record<string, unknown>;
}

/** Reads payloads as an endpoint does. */
function takes(target: Target, options?: ValidatorOptions): (payload: object) => Promise<boolean> {
  const validate = validatorFor({ kind: 'class', class: target, array: false }, options)!;
  return async (payload) => {
    try {
      await validate(copy(payload), 1_000);
      return true;
    } catch (error) {
      if (error instanceof ServiceError) return false;
      throw error;
    }
  };
}

function property(...decorators: PropertyDecorator[]): Target {
  class One {
    declare value: unknown;
  }
  for (const decorate of decorators) decorate(One.prototype, 'value');
  return One;
}

const propertySchema = (...decorators: PropertyDecorator[]) =>
  (schemaOf(property(...decorators))['properties'] as Record<string, Record<string, unknown>>)['value'];

/** What decorators say themselves of whether a property is looked at, and what they cannot say of what it is. */
const WITHOUT_RULE = [
  'Allow',
  'IsOptional',
  'Validate',
  'ValidateBy',
  'ValidateIf',
  'ValidateNested',
  'ValidatePromise',
];

describe('every decorator that class-validator exports', () => {
  it('has a rule', () => {
    expect([...Object.keys(RULES), ...WITHOUT_RULE].sort()).toEqual([...EXPORTED].sort());
  });

  const silent = ['IsDate', 'MinDate', 'MaxDate', 'IsInstance'];
  it.each(Object.keys(RULES).filter((name) => !silent.includes(name)))('@%s is known, with `each` too', (name) => {
    for (const options of [{}, { each: true }, { message: 'no', context: {} }])
      expect(propertySchema(...CASES[name]!.decorate(options))).not.toEqual({});
  });
});

const pool = [
  ...new Set(Object.values(CASES).flatMap(({ valid, invalid }) => [...valid, ...invalid])),
  ...['2024-05-01', '2024-W18-3', '2024-05-01 10:00:00Z', '::1', 'fe80::1%eth0', 'example.com', 'a@b', 'ü@example.com'],
  ...[
    'A <a@example.com>',
    'http://localhost',
    '👍',
    '👍👍',
    '❤️❤️',
    'A',
    'aA',
    '\n',
    'a\nb',
    '0x1F',
    '1e3',
    '1,5',
    '-',
  ],
  ...['00000000-0000-0000-0000-000000000000', '\ud83d', '[', '.', '$', 'x'.repeat(40), '+1 213 373 4253', 'ﬀ', 'K'],
  ...[0, 1e21, 3e21, -7, 1e-7, 2 ** 53 + 2, 1.5, true, false, null, [], {}, [[]], [{}], { length: 1 }],
];

const leafs = fc.constantFrom<unknown>({ name: 'a' }, { name: 'b', size: 1 }, { name: 1 }, {});
function valueFor(...own: readonly string[]): fc.Arbitrary<unknown> {
  const valid = own.flatMap((name) => CASES[name]?.valid ?? []);
  const one = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<unknown>(...(valid.length > 0 ? valid : pool)) },
    { weight: 4, arbitrary: fc.constantFrom<unknown>(...pool) },
    { weight: 1, arbitrary: leafs },
    { weight: 1, arbitrary: odd },
  );
  return fc.oneof(
    { weight: 6, arbitrary: one },
    { weight: 2, arbitrary: fc.array(one, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(fc.array(one, { maxLength: 2 }), { maxLength: 2 }) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('a', 'name', 'constructor'), one) },
  );
}

const often = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 4, arbitrary: fc.constantFrom(...others) });

const validationOptions: fc.Arbitrary<ValidationOptions> = fc.record(
  {
    each: fc.boolean(),
    groups: fc.constantFrom(['a'], ['b', 'a'], []),
    always: fc.boolean(),
    message: fc.constant('no good'),
    context: fc.constant({ code: 1 }),
    validateIf: fc.constant((_object: unknown, value: unknown) => value !== 'a'),
  },
  { requiredKeys: [] },
);
const plainOptions = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constant({ each: true }) },
  { weight: 1, arbitrary: validationOptions },
);

const settings = fc.oneof<fc.MaybeWeightedArbitrary<ValidatorOptions>[]>(
  { weight: 5, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        skipMissingProperties: fc.boolean(),
        skipNullProperties: fc.boolean(),
        skipUndefinedProperties: fc.boolean(),
        whitelist: fc.boolean(),
        forbidNonWhitelisted: fc.boolean(),
        forbidUnknownValues: fc.boolean(),
        groups: fc.constantFrom<string[]>(['a'], ['c'], []),
        strictGroups: fc.boolean(),
        always: fc.boolean(),
        stopAtFirstError: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  },
);

class Defaults {
  @v.IsOptional() @v.IsInt() size = 1;
}

/** What else stands on a property. */
const BESIDES: Readonly<Record<string, () => PropertyDecorator[]>> = {
  optional: () => [v.IsOptional()],
  defined: () => [v.IsDefined()],
  allowed: () => [v.Allow()],
  if: () => [v.ValidateIf((_object, value) => value !== 'a')],
  custom: () => [v.ValidateBy({ name: 'isInt', validator: { validate: (value) => value !== 5 } })],
  nested: () => [v.ValidateNested()],
  number: () => [Type(() => Number)],
  string: () => [Type(() => String)],
  boolean: () => [Type(() => Boolean)],
  date: () => [Type(() => Date)],
  leaf: () => [Type(() => Leaf)],
  defaults: () => [Type(() => Defaults)],
  nestedLeaf: () => [Type(() => Leaf), v.ValidateNested({ each: true })],
  nestedDefaults: () => [Type(() => Defaults), v.ValidateNested()],
  nestedList: () => [v.IsArray(), Type(() => Leaf), v.ValidateNested({ each: true })],
  depends: () => [Type((help) => (help?.object['other'] === undefined ? Number : Date))],
  object: () => [Type(() => Object)],
  array: () => [Type(() => Array)],
  set: () => [Reflect.metadata('design:type', Set), Type(() => String)],
  map: () => [Reflect.metadata('design:type', Map), Type(() => String)],
  broken: () => [
    Type(() => {
      throw new Error('no type');
    }),
  ],
  discriminated: () => [
    v.ValidateNested(),
    Type(() => Leaf, { discriminator: { property: 'kind', subTypes: [{ name: 'd', value: Defaults }] } }),
  ],
  transform: () => [Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? 5 : 'a'))],
  plainOnly: () => [Transform(() => 'x', { toPlainOnly: true })],
  expose: () => [Expose()],
  exposeAs: () => [Expose({ name: 'other' })],
  exposeGroup: () => [Expose({ groups: ['x'] })],
  exclude: () => [Exclude()],
  excludePlain: () => [Exclude({ toPlainOnly: true })],
};

const initials = often<unknown>(undefined, 'a', 1, null, [], { name: 'a' });
const twists = often('none', 'excludeAll', 'exposeAll', 'setter', 'getter', 'method', 'child', 'fields', 'throws');

interface Made {
  readonly target: Target;
  readonly text: string;
}

const names = Object.keys(CASES);
const spec = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 2 }).chain((used) =>
  fc.record({
    used: fc.constant(used),
    decorators: fc.tuple(...used.map((name) => plainOptions.chain((options) => decorated(name, options)))),
    besides: fc.array(fc.constantFrom(...Object.keys(BESIDES)), { maxLength: 2 }),
    initial: initials,
    twist: twists,
  }),
);

function make({
  decorators,
  besides,
  initial,
  twist,
  used,
}: typeof spec extends fc.Arbitrary<infer T> ? T : never): Made {
  class Generated {
    [name: string]: unknown;
    constructor() {
      if (twist === 'throws') throw new Error('no instance');
      if (initial !== undefined || twist === 'fields') this['value'] = copy({ initial }).initial;
    }
  }
  const { prototype } = Generated;
  for (const decorate of [...decorators.flat(), ...besides.flatMap((name) => BESIDES[name]!())])
    decorate(prototype, 'value');
  v.IsOptional()(prototype, 'other');
  if (twist === 'excludeAll') Exclude()(Generated);
  if (twist === 'exposeAll') Expose()(Generated);
  if (twist === 'getter') Object.defineProperty(prototype, 'value', { get: () => 'a' });
  if (twist === 'method') Object.defineProperty(prototype, 'value', { value: () => 1, writable: true });
  if (twist === 'setter')
    Object.defineProperty(prototype, 'other', {
      set(this: Record<string, unknown>, given: unknown) {
        this['value'] = given;
      },
    });
  return {
    target: twist === 'child' ? class extends Generated {} : Generated,
    text: inspect({ used, besides, initial, twist }),
  };
}

/** Payloads that the endpoint takes and the schema refuses. */
async function refused(target: Target, payloads: readonly object[], options?: ValidatorOptions): Promise<object[]> {
  const schema = schemaOf(target, options);
  const accepts = ajv.compile({ ...schema, $id: undefined });
  const isTaken = takes(target, options);
  const wrong: object[] = [];
  for (const payload of payloads)
    if (!accepts(copy(payload)) && (await isTaken(payload))) wrong.push({ payload, errors: accepts.errors, schema });
  return wrong;
}

class Tagged {
  @v.IsString() @v.MinLength(3) name = 'none';
}

describe('what the compiled validator handles itself', () => {
  const types = (...list: [() => unknown][]) => list.map(([type]) => Type(type as () => typeof Object));
  it.each<[string, PropertyDecorator[], unknown, ValidatorOptions?]>([
    ['a date without a time', [v.IsDateString()], '2024-05-01'],
    ['a week', [v.IsISO8601()], '2024-W18-3'],
    ['a number of an enum', [v.IsEnum({ Off: 0, 0: 'Off' })], 0],
    ['a missing property that has a default', [Type(() => Tagged), v.ValidateNested()], {}],
    ['a string that becomes a date', [v.IsDate(), Type(() => Date)], '2024-05-01'],
    ['a number that becomes a date', [v.IsDate(), Type(() => Date)], 0],
    ['a string that becomes a number', [v.IsInt(), v.Min(1), Type(() => Number)], '5'],
    ['what @Transform makes right', [v.IsInt(), Transform(({ value }) => Number(value))], '5'],
    ['a number that is not empty', [v.IsNotEmpty()], 0],
    ['a pattern with flags', [v.Matches(/^a$/i)], 'A'],
    ['a pattern that counts halves of an emoji', [v.Matches(/^.{2}$/)], '👍'],
    ['an emoji with a variation selector, which counts as one', [v.MaxLength(2)], '❤️❤️'],
    ['an address of IPv6', [v.IsIP()], '::1'],
    ['a URL without protocol', [v.IsUrl({ require_tld: false })], 'localhost:80/a'],
    ['an address with a name', [v.IsEmail({ allow_display_name: true })], 'Ann <ann@example.com>'],
    ['one value for `each`', [v.IsInt({ each: true })], 5],
    ['lists in lists of nested objects', [v.ValidateNested(), ...types([() => Tagged])], [[{ name: 'abc' }]]],
    ['one object for `each`', [v.ValidateNested({ each: true }), ...types([() => Tagged])], { name: 'abc' }],
    ['null where it is skipped', [v.IsInt()], null, { skipNullProperties: true }],
    ['nothing where it is skipped', [v.IsInt()], undefined, { skipMissingProperties: true }],
    ['anything in another group', [v.IsInt({ groups: ['a'] }), v.Allow({ always: true })], 'x', { groups: ['b'] }],
    ['an empty value', [v.IsEmpty()], null],
    ['nothing under @IsEmpty', [v.IsEmpty()], undefined],
    ['nothing under @ValidateNested', [v.ValidateNested(), ...types([() => Tagged])], undefined],
    ['equal objects that are not the same', [v.ArrayUnique()], [{ a: 1 }, { a: 1 }]],
    ['what is under another name', [v.IsInt(), Expose({ name: 'other' })], undefined],
    ['what is not read', [v.IsOptional(), v.IsInt(), Exclude()], 'x'],
  ])('%s', async (_, decorators, value, options = {}) => {
    const target = property(...decorators);
    const payload = copy({ value, other: 1 });
    expect(await takes(target, options)(payload)).toBe(true);
    expect(ajv.compile(schemaOf(target, options))(payload)).toBe(true);
  });

  it('a validator of the user that has the name of one of the library', () => {
    const validator = { validate: (value: unknown) => value === 'x', defaultMessage: () => 'must be x' };
    expect(propertySchema(v.ValidateBy({ name: 'isInt', validator }))).toEqual({});
  });
});

describe('the schema says', () => {
  it.each<[string, PropertyDecorator[], object]>([
    ['types and bounds', [v.IsInt(), v.Min(1), v.Max(5)], { type: 'integer', minimum: 1, maximum: 5 }],
    ['what an optional property is', [v.IsOptional(), v.IsString()], { anyOf: [{ type: 'string' }, { type: 'null' }] }],
    [
      'lengths',
      [v.Length(2, 5)],
      { type: 'string', minLength: 2, anyOf: [{ maxLength: 5 }, { pattern: '[\ufe0e\ufe0f]' }] },
    ],
    ['the values of an enum', [v.IsEnum({ A: 'a', B: 'b' })], { type: 'string', enum: ['a', 'b'] }],
    ['a pattern', [v.Matches(/^[a-z]{2}-\d+$/)], { type: 'string', pattern: '^[a-z]{2}-\\d+$' }],
    ['a UUID', [v.IsUUID()], { type: 'string', format: 'uuid' }],
    ['what stands in text', [v.Contains('a.b')], { type: 'string', pattern: 'a\\.b' }],
    [
      'an array and its items',
      [v.IsArray(), v.ArrayMaxSize(3), v.IsInt({ each: true }), v.Min(0, { each: true })],
      { type: 'array', maxItems: 3, items: { type: 'integer', minimum: 0 } },
    ],
    [
      'what a number is, where others become one',
      [v.IsInt(), v.Min(1), Type(() => Number)],
      { if: { type: 'number' }, then: { type: 'integer', minimum: 1 } },
    ],
    ['what becomes a date', [v.IsDate(), Type(() => Date)], { type: ['string', 'number', 'boolean'] }],
    ['only the type of a pattern with flags', [v.Matches(/a/i)], { type: 'string' }],
    ['only the type of a pattern that could take for ever', [v.Matches(/^(a+)+$/)], { type: 'string' }],
    [
      'only the type of more values than anybody reads',
      [v.IsIn(Array.from({ length: 50_000 }, (__, i) => String(i)))],
      { type: 'string' },
    ],
  ])('%s', (_, decorators, schema) => {
    expect(propertySchema(...decorators)).toEqual(schema);
  });

  it('which properties are required', () => {
    class Some {
      @v.IsString() needed!: string;
      @v.IsString() withDefault = 'x';
      @v.IsOptional() @v.IsString() optional?: string;
      @v.IsNotEmpty() notEmpty!: string;
    }
    expect(schemaOf(Some)['required']).toEqual(['needed', 'notEmpty']);
  });

  it('nothing at all where it would be larger than 128 KiB', () => {
    class Large {}
    for (let i = 0; i < 2_000; i++)
      v.IsIn(['some value', 'another value', 'a third'])(Large.prototype, `property ${i}`);
    expect(requestSchema({ kind: 'class', class: Large, array: false })).toBeUndefined();
  });
});

describe('the schema refuses nothing that the validator takes', () => {
  describe.each(names)('@%s', (name) => {
    it(
      'with options and values of all kinds',
      () =>
        forgetting(() =>
          fc.assert(
            fc.asyncProperty(
              plainOptions.chain((options) => decorated(name, options)),
              fc.array(valueFor(name), { minLength: 10, maxLength: 20 }),
              async (decorators, values) => {
                const payloads = [{}, ...values.map((value) => ({ value }))];
                expect(await refused(property(...decorators), payloads)).toEqual([]);
              },
            ),
            { numRuns: RUNS / 20 },
          ),
        ),
      TIMEOUT,
    );
  });

  it.each<ValidatorOptions>([{ skipNullProperties: true }, { skipMissingProperties: true }])(
    'null among nested objects, where %j skips it',
    async (options) => {
      const target = property(
        v.ValidateNested({ each: true }),
        Type(() => Leaf),
      );
      const payload = { value: [null] };
      expect(await takes(target, options)(payload)).toBe(true);
      expect(await refused(target, [payload, { value: [[null]] }], options)).toEqual([]);
    },
  );

  it(
    `${RUNS * 3} classes of several decorators, conversions, defaults and validation options`,
    async () => {
      const seen = { taken: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(
          spec.chain((one) =>
            fc.record({
              one: fc.constant(one),
              options: settings,
              values: fc.array(fc.option(valueFor(...one.used), { nil: undefined }), { minLength: 5, maxLength: 20 }),
              other: fc.option(valueFor(...one.used), { nil: undefined, freq: 2 }),
            }),
          ),
          ({ one, options, values, other }) =>
            forgetting(async () => {
              const { target, text } = make(one);
              const payloads = values.map((value) => copy({ value, other }));
              expect([text, await refused(target, payloads, options)]).toEqual([text, []]);
              for (const payload of payloads.slice(0, 3))
                seen[(await takes(target, options)(payload)) ? 'taken' : 'refused']++;
            }),
        ),
        { numRuns: RUNS * 3 },
      );
      for (const times of Object.values(seen)) expect(times).toBeGreaterThan(RUNS / 2);
    },
    TIMEOUT,
  );
});
