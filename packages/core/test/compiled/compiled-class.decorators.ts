import 'reflect-metadata';
import { Type } from 'class-transformer';
import * as classValidator from 'class-validator';
import type { ValidationOptions } from 'class-validator';

/** A decorator under test, and payload values that it takes and refuses. */
export interface Case {
  /** What stands on the property; the options go to the decorator under test. */
  readonly decorate: (options?: ValidationOptions) => PropertyDecorator[];
  readonly valid: readonly unknown[];
  readonly invalid: readonly unknown[];
  /** The decorator does not ask for an array whatever its options say. */
  readonly ignoresEach?: true;
  /** Why the compiler leaves every class with it to the libraries. */
  readonly left?: string;
}

const v = classValidator;

/** The exports that look like decorators of properties and are none. */
const OTHERS: ReadonlySet<string> = new Set([
  'MetadataStorage',
  'ValidationError',
  'ValidationTypes',
  'Validator',
  'ValidatorConstraint',
]);

/** The property decorators that the installed class-validator has. */
export const EXPORTED = Object.entries(classValidator)
  .filter(([name, value]) => typeof value === 'function' && /^[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$/.test(name))
  .map(([name]) => name)
  .filter((name) => !OTHERS.has(name));

function plain(
  decorator: (options?: ValidationOptions) => PropertyDecorator,
  valid: readonly unknown[],
  invalid: readonly unknown[],
): Case {
  return { decorate: (options) => [decorator(options)], valid, invalid };
}

/** A decorator that takes nothing but text. */
const text = (
  decorate: (options?: ValidationOptions) => PropertyDecorator,
  valid: readonly string[],
  invalid: readonly unknown[] = [],
): Case => plain(decorate, valid, [...invalid, 5, null]);

export class Leaf {
  @v.IsString() name!: string;
  @v.IsOptional() @v.IsInt() size?: number;
}

@v.ValidatorConstraint({ name: 'startsWith' })
class StartsWith {
  validate(value: unknown, { constraints }: classValidator.ValidationArguments): boolean {
    return typeof value === 'string' && value.startsWith(String(constraints[0]));
  }
}

const date = (decorator: PropertyDecorator): PropertyDecorator[] => [decorator, Type(() => Date)];
const leaf = (...decorators: PropertyDecorator[]): PropertyDecorator[] => [
  ...decorators,
  v.ValidateNested(),
  Type(() => Leaf),
];

/** One for each decorator that class-validator exports. */
export const CASES: Readonly<Record<string, Case>> = {
  // What has to do with whether, and not with what.
  Allow: { ...plain(v.Allow, ['a', 1, null, true, ['a']], []), ignoresEach: true },
  IsOptional: {
    ...plain((options) => v.IsOptional(options), [null, 'a', 'b'], [1, false]),
    decorate: (options) => [v.IsOptional(options), v.IsString()],
    ignoresEach: true,
  },
  ValidateIf: {
    decorate: (options) => [v.ValidateIf((_object, value) => value !== 'skip', options), v.IsInt()],
    valid: ['skip', 1, 2],
    invalid: ['no', null, 1.5],
    ignoresEach: true,
  },
  IsDefined: plain(v.IsDefined, ['a', 0, false], [null]),
  ValidateNested: {
    decorate: (options) => [v.ValidateNested(options), Type(() => Leaf)],
    valid: [{ name: 'a' }, { name: 'b', size: 1 }, [{ name: 'a' }, { name: 'b', size: null }], []],
    invalid: [{ name: 1 }, {}, null, 'a', [{ name: 'a' }, {}], [null], 5],
    ignoresEach: true,
  },
  ValidatePromise: {
    decorate: (options) => [v.ValidatePromise(options), v.IsString()],
    valid: ['a'],
    invalid: [1],
    ignoresEach: true,
    left: 'waits',
  },
  Validate: {
    decorate: (options) => [v.Validate(StartsWith, ['x'], options)],
    valid: ['x', 'xy'],
    invalid: ['y', 1, null],
  },
  ValidateBy: plain(
    (options) => v.ValidateBy({ name: 'isEven', validator: { validate: (n) => Number(n) % 2 === 0 } }, options),
    [0, 2, '4', null],
    [1, '3', 'x'],
  ),

  // Any value.
  Equals: plain((options) => v.Equals('yes', options), ['yes'], ['no', 1, null]),
  NotEquals: plain((options) => v.NotEquals('no', options), ['yes', 1, null], ['no']),
  IsEmpty: plain(v.IsEmpty, ['', null], ['a', 0, false]),
  IsNotEmpty: plain(v.IsNotEmpty, ['a', 0, false], ['', null]),
  IsIn: plain((options) => v.IsIn(['a', 1, true, null], options), ['a', 1, true, null], ['b', 2, '1']),
  IsNotIn: plain((options) => v.IsNotIn(['a', 1, null], options), ['b', '1', false], ['a', 1, null]),
  IsBoolean: plain(v.IsBoolean, [true, false], ['true', 0, null]),
  IsNumber: plain((options) => v.IsNumber({ maxDecimalPlaces: 2 }, options), [1, 1.25, -0], [1.001, '1', null]),
  IsInt: plain(v.IsInt, [0, -3, 1e15], [1.5, '1', null]),
  IsString: plain(v.IsString, ['', 'a', '\ud800'], [1, true, null]),
  IsEnum: plain((options) => v.IsEnum({ A: 'a', B: 1, 1: 'B' }, options), ['a', 1, 'B'], ['A', 2, null]),
  IsDate: {
    decorate: (options) => date(v.IsDate(options)),
    valid: ['2024-01-01', 0, 5],
    invalid: ['no date', '2024-13-01'],
  },
  MinDate: {
    decorate: (options) => date(v.MinDate(new Date('2020-01-01'), options)),
    valid: ['2020-01-01', '2024-01-01'],
    invalid: ['2019-12-31', 0, 'no date'],
  },
  MaxDate: {
    decorate: (options) => date(v.MaxDate(() => new Date('2020-01-01'), options)),
    valid: ['2020-01-01', 0],
    invalid: ['2024-01-01', 'no date'],
  },
  IsInstance: {
    decorate: (options) => leaf(v.IsInstance(Leaf, options)),
    valid: [{ name: 'a' }, { name: 'a', size: 2 }],
    invalid: [{}, 'a', null],
  },
  IsObject: {
    decorate: (options) => leaf(v.IsObject(options)),
    valid: [{ name: 'a' }],
    invalid: [{ name: 5 }, null, 'a'],
  },
  IsNotEmptyObject: {
    decorate: (options) => leaf(v.IsNotEmptyObject({ nullable: false }, options)),
    valid: [{ name: 'a' }, { name: 'a', size: null }],
    invalid: [{}, null, 'a'],
  },

  // Numbers.
  IsDivisibleBy: plain((options) => v.IsDivisibleBy(3, options), [0, 3, -9], [1, 'x', null]),
  IsPositive: plain(v.IsPositive, [1, 0.1], [0, -1, '1', null]),
  IsNegative: plain(v.IsNegative, [-1, -0.1], [0, 1, '-1', null]),
  Max: plain((options) => v.Max(5, options), [5, -1], [6, '1', null]),
  Min: plain((options) => v.Min(5, options), [5, 6.5], [4, '6', null]),

  // Arrays.
  IsArray: plain(v.IsArray, [[], ['a', 1, null]], ['a', 1, null]),
  ArrayContains: plain((options) => v.ArrayContains(['a'], options), [['a'], ['b', 'a']], [['b'], 'a', null]),
  ArrayNotContains: plain((options) => v.ArrayNotContains(['a'], options), [[], ['b']], [['a'], 'b', null]),
  ArrayNotEmpty: plain(v.ArrayNotEmpty, [['a'], [null]], [[], 'a', null]),
  ArrayMinSize: plain(
    (options) => v.ArrayMinSize(2, options),
    [
      ['a', 'b'],
      [1, 2, 3],
    ],
    [['a'], 'ab', null],
  ),
  ArrayMaxSize: plain((options) => v.ArrayMaxSize(1, options), [[], ['a']], [['a', 'b'], 'a', null]),
  ArrayUnique: plain((options) => v.ArrayUnique(options), [[], ['a', 'b', 1, '1']], [['a', 'a'], 'a', null]),

  // Text.
  Contains: text((options) => v.Contains('ell', options), ['hello'], ['help']),
  NotContains: text((options) => v.NotContains('help', options), ['hello'], ['help']),
  Length: text((options) => v.Length(2, 4, options), ['ab', 'abcd'], ['a', 'abcde']),
  MinLength: plain((options) => v.MinLength(2, options), ['ab', 'abc'], ['a', 5, null]),
  MaxLength: plain((options) => v.MaxLength(2, options), ['', 'ab'], ['abc', 5, null]),
  Matches: text((options) => v.Matches(/^a+$/, options), ['a', 'aa'], ['b']),
  IsAlpha: text((options) => v.IsAlpha('en-US', options), ['abc'], ['ab1']),
  IsAlphanumeric: text((options) => v.IsAlphanumeric('en-US', options), ['ab1'], ['a-b']),
  IsAscii: plain(v.IsAscii, ['abc'], ['ä', 5, null]),
  IsBIC: text(v.IsBIC, ['DEUTDEFF', 'DEUTDEFF500'], ['DEUT']),
  IsBase32: text(v.IsBase32, ['ZG5VM5DF'], ['12345']),
  IsBase58: text(v.IsBase58, ['BukQL3ZPYN'], ['0OIl']),
  IsBase64: text((options) => v.IsBase64({}, options), ['Zm9vYmFy'], ['Zm9vYmF']),
  IsBooleanString: text(v.IsBooleanString, ['true', 'false', '0'], ['yes']),
  IsBtcAddress: text(v.IsBtcAddress, ['1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2'], ['4J98t1']),
  IsByteLength: text((options) => v.IsByteLength(3, 6, options), ['abc', 'äöü'], ['ab']),
  IsCreditCard: text(v.IsCreditCard, ['4111111111111111'], ['4111111111111112']),
  IsCurrency: text((options) => v.IsCurrency({}, options), ['$10.50', '10'], ['ten']),
  IsDataURI: text(v.IsDataURI, ['data:text/plain;base64,Zm9v'], ['data']),
  IsDateString: text((options) => v.IsDateString({ strict: true }, options), ['2024-02-29'], ['2023-02-29']),
  IsDecimal: text((options) => v.IsDecimal({}, options), ['1.5', '2'], ['a']),
  IsEAN: text(v.IsEAN, ['4006381333931'], ['4006381333932']),
  IsEmail: text((options) => v.IsEmail({}, options), ['a@example.com'], ['a@', '\ud800@example.com']),
  IsEthereumAddress: text(v.IsEthereumAddress, ['0x52908400098527886E0F7030069857D2E4169EE7'], ['0x5']),
  IsFQDN: text((options) => v.IsFQDN({}, options), ['example.com'], ['example']),
  IsFirebasePushId: text(v.IsFirebasePushId, ['-M-Jh_1KAH5rYJF_7-kY'], ['M']),
  IsFullWidth: text(v.IsFullWidth, ['ひらがな'], ['abc']),
  IsHSL: text(v.IsHSL, ['hsl(360, 100%, 50%)'], ['hsl(a)']),
  IsHalfWidth: plain(v.IsHalfWidth, ['abc'], ['ひ', 5, null]),
  IsHash: text((options) => v.IsHash('md5', options), ['d41d8cd98f00b204e9800998ecf8427e'], ['d41d']),
  IsHexColor: text(v.IsHexColor, ['#fff', '#a1b2c3'], ['#ggg']),
  IsHexadecimal: text(v.IsHexadecimal, ['a1f', '0xff'], ['xyz']),
  IsIBAN: text((options) => v.IsIBAN({}, options), ['DE89370400440532013000'], ['DE8937']),
  IsIP: text((options) => v.IsIP(4, options), ['127.0.0.1'], ['256.0.0.1', '::1']),
  IsISBN: text((options) => v.IsISBN(undefined, options), ['9783161484100'], ['9783161484101']),
  IsISIN: text(v.IsISIN, ['US0378331005'], ['US0378331006']),
  IsISO31661Alpha2: text(v.IsISO31661Alpha2, ['DE'], ['XX']),
  IsISO31661Alpha3: text(v.IsISO31661Alpha3, ['DEU'], ['XXX']),
  IsISO31661Numeric: text(v.IsISO31661Numeric, ['276'], ['999']),
  IsISO4217CurrencyCode: text(v.IsISO4217CurrencyCode, ['EUR'], ['XXZ']),
  IsISO6391: text(v.IsISO6391, ['de'], ['xx']),
  IsISO8601: text((options) => v.IsISO8601({ strict: true }, options), ['2024-01-01T00:00:00Z'], ['1.1.2024']),
  IsISRC: text(v.IsISRC, ['USAT29900609'], ['USAT2']),
  IsISSN: text((options) => v.IsISSN({}, options), ['0378-5955'], ['0378-5956']),
  IsIdentityCard: text((options) => v.IsIdentityCard('ES', options), ['99999999R'], ['99999999A']),
  IsJSON: text(v.IsJSON, ['{"a":1}', '[]'], ['{']),
  IsJWT: text(v.IsJWT, ['eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln'], ['a.b']),
  IsLatLong: text(v.IsLatLong, ['52.5,13.4'], ['91,181']),
  IsLatitude: plain(v.IsLatitude, ['52.5', 52.5], ['91', 'x', null]),
  IsLocale: text(v.IsLocale, ['en_US', 'de'], ['not a locale']),
  IsLongitude: plain(v.IsLongitude, ['13.4', 13.4], ['181', 'x', null]),
  IsLowercase: plain(v.IsLowercase, ['abc', ''], ['aBc', 5, null]),
  IsMACAddress: text((options) => v.IsMACAddress({}, options), ['01:02:03:04:05:ab'], ['01:02']),
  IsMagnetURI: text(v.IsMagnetURI, ['magnet:?xt=urn:btih:06E2A9683BF4DA92C73A661AC56F0ECC9C63C5B4'], ['magnet:']),
  IsMilitaryTime: text(v.IsMilitaryTime, ['23:59'], ['24:00']),
  IsMimeType: text(v.IsMimeType, ['text/plain'], ['text']),
  IsMobilePhone: text((options) => v.IsMobilePhone('de-DE', {}, options), ['+4915123456789'], ['1']),
  IsMongoId: text(v.IsMongoId, ['507f1f77bcf86cd799439011'], ['507f']),
  IsMultibyte: text(v.IsMultibyte, ['ひらがな'], ['abc']),
  IsNumberString: text((options) => v.IsNumberString({}, options), ['1', '-1.5'], ['a']),
  IsOctal: text(v.IsOctal, ['0o17', '7'], ['9']),
  IsPassportNumber: text((options) => v.IsPassportNumber('DE', options), ['C01X00T47'], ['1']),
  IsPhoneNumber: text((options) => v.IsPhoneNumber('DE', options), ['+4930123456'], ['1']),
  IsPort: text(v.IsPort, ['80'], ['65536']),
  IsPostalCode: text((options) => v.IsPostalCode('DE', options), ['10115'], ['1011']),
  IsRFC3339: text(v.IsRFC3339, ['2024-01-01T00:00:00Z'], ['2024']),
  IsRgbColor: text((options) => v.IsRgbColor(true, options), ['rgb(1,2,3)'], ['rgb(a)']),
  IsSemVer: text(v.IsSemVer, ['1.2.3'], ['1.2']),
  IsStrongPassword: text((options) => v.IsStrongPassword({}, options), ['Abcdef1!'], ['abc']),
  IsSurrogatePair: text(v.IsSurrogatePair, ['a😀'], ['abc']),
  IsTaxId: text((options) => v.IsTaxId('de-DE', options), ['47036892816'], ['1']),
  IsTimeZone: text(v.IsTimeZone, ['Europe/Berlin'], ['Nowhere/Else']),
  IsUUID: text((options) => v.IsUUID('4', options), ['2b1f0f0e-6a0b-4a55-9e4d-2c4d0e1f2a3b'], ['2b1f']),
  IsUppercase: plain(v.IsUppercase, ['ABC', ''], ['aBc', 5, null]),
  IsUrl: text((options) => v.IsUrl({}, options), ['https://example.com/a'], ['http//a']),
  IsVariableWidth: text(v.IsVariableWidth, ['aひ'], ['abc']),
};
