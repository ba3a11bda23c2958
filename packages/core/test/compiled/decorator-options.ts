import * as v from 'class-validator';
import type { ValidationOptions } from 'class-validator';
import * as fc from 'fast-check';
import { CASES } from './compiled-class.decorators';

const some = fc.constantFrom;
const flags = <T extends string>(...names: T[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, fc.boolean()])), {
    requiredKeys: [],
  });
const bound = fc.oneof(some(0, 1, 2, 3, 5, -1, 1.5, -0, 1e21, NaN, Infinity, -Infinity), fc.integer(), fc.double());
const literal = fc.oneof(
  some<unknown>('', 'a', 'b', 0, -0, 1, 5, true, false, null, undefined, NaN, Infinity, '2024-05-01', '👍', {}, []),
  fc.string({ maxLength: 3 }),
);
const literals = fc.array(literal, { maxLength: 4 });
const long = some(
  Array.from({ length: 5_000 }, (_, i) => `value number ${i}`),
  Array.from({ length: 5_000 }, (_, i) => i),
);
const text = fc.oneof(
  some('', 'a', '.', '[', '\\', '$', '-', '/', '\ud83d', '👍', '👍🏽', 'a b', '\n'),
  fc.string({ maxLength: 3 }),
);
const date = some(new Date(0), new Date('2020-01-01'), () => new Date('2020-01-01'), new Date(NaN));
const locale = some<unknown>('en-US', 'de-DE', 'fr-FR', 'any', undefined);

enum Numeric {
  Off,
  On,
}
enum Mixed {
  A = 'a',
  B = 1,
}

/** Arguments of decorators that have some, before the options that all have. */
const ARGUMENTS: Readonly<Record<string, fc.Arbitrary<unknown[]>>> = {
  Equals: fc.tuple(literal),
  NotEquals: fc.tuple(literal),
  IsIn: fc.tuple(fc.oneof({ weight: 9, arbitrary: literals }, { weight: 1, arbitrary: long })),
  IsNotIn: fc.tuple(fc.oneof({ weight: 9, arbitrary: literals }, { weight: 1, arbitrary: long })),
  IsEnum: fc.tuple(some<unknown>(Numeric, Mixed, {}, ['a', 'b'], { a: Infinity }, { x: null, y: undefined, z: NaN })),
  IsNumber: fc.tuple(
    fc.record(
      { allowNaN: fc.boolean(), allowInfinity: fc.boolean(), maxDecimalPlaces: some(0, 2) },
      { requiredKeys: [] },
    ),
  ),
  IsDivisibleBy: fc.tuple(fc.oneof(bound, some(3, 7, -4, 2.5, 0))),
  Min: fc.tuple(bound),
  Max: fc.tuple(bound),
  MinDate: fc.tuple(date),
  MaxDate: fc.tuple(date),
  ArrayContains: fc.tuple(literals),
  ArrayNotContains: fc.tuple(literals),
  ArrayMinSize: fc.tuple(bound),
  ArrayMaxSize: fc.tuple(bound),
  ArrayUnique: fc.constantFrom([], [(item: unknown) => typeof item]),
  Contains: fc.tuple(text),
  NotContains: fc.tuple(text),
  Length: fc.tuple(bound, fc.oneof(bound, fc.constant(undefined))),
  MinLength: fc.tuple(bound),
  MaxLength: fc.tuple(bound),
  IsByteLength: fc.tuple(bound, fc.oneof(bound, fc.constant(undefined))),
  Matches: fc.oneof(
    fc.tuple(
      some(
        ...[
          /^a+$/,
          /^A+$/i,
          /a/g,
          /^.$/,
          /^.{2}$/,
          /^[^a]$/,
          /^\w+$/,
          /^[\w-]+$/,
          /^\W$/,
          /^[a-z]+$/gi,
          /^b$/m,
          /^.$/s,
        ],
        ...[/^\p{L}+$/u, /^.$/u, /(a+)+$/, /^(a|aa)+$/, /^[a-z0-9]+(?:-[a-z0-9]+)*$/, /\u{1F44D}/u, /a/y, /^(?!a)/],
        ...[/\d{4}-\d{2}/, /^\S+$/, /^👍$/, /\B/, /\bfoo\b/, /^(?<x>a)\k<x>$/],
        // What means something else with the flag u, or nothing.
        ...['^\\p{2}$', '\\-', ']', '[👍]', '\\cA', '\\1a', 'a{', '\\u{2}'].map((source) => new RegExp(source)),
      ),
    ),
    some<unknown[]>(['^a$', 'i'], ['^A$', 'i'], ['^a$'], ['a', '']),
  ),
  IsAlpha: fc.tuple(locale),
  IsAlphanumeric: fc.tuple(locale),
  IsDecimal: fc.tuple(fc.oneof(some(undefined), flags('force_decimal'), fc.constant({ locale: 'de-DE' }))),
  IsNumberString: fc.tuple(fc.oneof(some(undefined), flags('no_symbols'), fc.constant({ locale: 'de-DE' }))),
  IsBase64: fc.tuple(flags('urlSafe', 'padding')),
  IsCurrency: fc.tuple(flags('require_symbol', 'allow_space_after_symbol', 'allow_negatives', 'require_decimal')),
  IsEmail: fc.tuple(
    flags('allow_display_name', 'require_display_name', 'allow_utf8_local_part', 'require_tld', 'allow_ip_domain'),
  ),
  IsFQDN: fc.tuple(flags('require_tld', 'allow_underscores', 'allow_trailing_dot', 'allow_wildcard')),
  IsIP: fc.tuple(some<unknown>(undefined, 4, 6, '4', '6')),
  IsISBN: fc.tuple(some<unknown>(undefined, 10, 13, '10')),
  IsISO8601: fc.tuple(flags('strict', 'strictSeparator')),
  IsDateString: fc.tuple(flags('strict', 'strictSeparator')),
  IsISSN: fc.tuple(flags('case_sensitive', 'requireHyphen')),
  IsMACAddress: fc.tuple(flags('no_separators')),
  IsMobilePhone: fc.tuple(locale, flags('strictMode')),
  IsPostalCode: fc.tuple(some('DE', 'US', 'any')),
  IsHash: fc.tuple(some('md5', 'sha1', 'crc32')),
  IsIBAN: fc.tuple(some(undefined)),
  IsIdentityCard: fc.tuple(some('ES', 'any')),
  IsPassportNumber: fc.tuple(some('DE', 'US')),
  IsPhoneNumber: fc.tuple(some(undefined, 'DE', 'US')),
  IsRgbColor: fc.tuple(fc.boolean()),
  IsStrongPassword: fc.tuple(some({}, { minLength: 1, minUppercase: 0, minSymbols: 0, minNumbers: 0 })),
  IsTaxId: fc.tuple(some('de-DE', 'en-US')),
  IsUrl: fc.tuple(
    flags('require_protocol', 'require_tld', 'require_host', 'allow_protocol_relative_urls', 'disallow_auth'),
  ),
  IsUUID: fc.tuple(some<unknown>(undefined, '3', '4', 4, 'all', 'loose', 'max', ['4', '7'])),
  IsInstance: fc.tuple(some<unknown>(Object, Array, Date, class Other {})),
  IsNotEmptyObject: fc.tuple(some<unknown>(undefined, { nullable: true }, { nullable: false })),
};

type Decorator = (...args: unknown[]) => PropertyDecorator;

/** A decorator with arguments that its users may give it. */
export function decorated(name: string, options: ValidationOptions): fc.Arbitrary<PropertyDecorator[]> {
  const args = ARGUMENTS[name];
  if (args === undefined) return fc.constant(CASES[name]!.decorate(options));
  const decorator = (v as unknown as Record<string, Decorator>)[name]!;
  return args.map((given) => [decorator(...given, options)]);
}
