import { allOf, literals, noneOf, oneOf, type Schema } from './keywords';
import { contains, matches } from './pattern';

/** What a decorator of class-validator demands of a value of JSON, from what it was given. */
export interface Rule {
  readonly schema: Schema | ((...constraints: readonly unknown[]) => Schema);
  /** Whether it takes a property that is missing. */
  readonly takesUndefined?: (...constraints: readonly unknown[]) => boolean;
  /** What the decorator is made with where it does not work with nothing. */
  readonly sample?: readonly unknown[];
}

const STRING = { type: 'string' };
const ARRAY = { type: 'array' };

/** More values than this that an array must hold are left out. */
const MAX_CONTAINED = 100;

/** Beyond, JSON Schema validators divide inexactly. */
const EXACT = { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };

/** Decorators of which a schema can say only that they take strings. */
const STRINGS = [
  ...['IsAscii', 'IsBIC', 'IsBase32', 'IsBase58', 'IsBase64', 'IsBtcAddress', 'IsByteLength', 'IsCreditCard'],
  ...[
    'IsCurrency',
    'IsDataURI',
    'IsDecimal',
    'IsEAN',
    'IsEthereumAddress',
    'IsFQDN',
    'IsFirebasePushId',
    'IsFullWidth',
  ],
  ...[
    'IsHSL',
    'IsHalfWidth',
    'IsHash',
    'IsHexColor',
    'IsHexadecimal',
    'IsIBAN',
    'IsISBN',
    'IsISIN',
    'IsISO31661Alpha2',
  ],
  ...[
    'IsISO31661Alpha3',
    'IsISO31661Numeric',
    'IsISO4217CurrencyCode',
    'IsISO6391',
    'IsISRC',
    'IsISSN',
    'IsIdentityCard',
  ],
  ...['IsJSON', 'IsJWT', 'IsLatLong', 'IsLocale', 'IsLowercase', 'IsMACAddress', 'IsMagnetURI', 'IsMimeType'],
  ...['IsMobilePhone', 'IsMongoId', 'IsMultibyte', 'IsNumberString', 'IsOctal', 'IsPassportNumber', 'IsPhoneNumber'],
  ...[
    'IsPort',
    'IsPostalCode',
    'IsRgbColor',
    'IsSemVer',
    'IsStrongPassword',
    'IsSurrogatePair',
    'IsTaxId',
    'IsTimeZone',
  ],
  ...['IsUppercase', 'IsUrl', 'IsVariableWidth'],
];

/** By the decorators' names. A schema is never stricter than the decorator, whatever its options. */
export const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(STRINGS.map((name) => [name, { schema: STRING }])),

  IsDefined: { schema: { not: { type: 'null' } } },
  Equals: { schema: (value) => oneOf([value]), takesUndefined: (value) => value === undefined },
  NotEquals: { schema: (value) => noneOf([value]), takesUndefined: (value) => value !== undefined },
  IsEmpty: { schema: oneOf(['', null]), takesUndefined: () => true },
  IsNotEmpty: { schema: noneOf(['', null]) },
  IsIn: {
    schema: (values) => oneOf(listOf(values)),
    takesUndefined: (values) => listOf(values).includes(undefined),
  },
  IsNotIn: {
    schema: (values) => noneOf(listOf(values)),
    takesUndefined: (values) => !listOf(values).includes(undefined),
  },
  IsEnum: {
    schema: (entity) => oneOf(Object.values(entity as object)),
    takesUndefined: (entity) => Object.values(entity as object).includes(undefined),
    sample: [{}],
  },
  IsBoolean: { schema: { type: 'boolean' } },
  IsNumber: { schema: { type: 'number' } },
  IsInt: { schema: { type: 'integer' } },
  IsString: { schema: STRING },
  // JSON has none of these: what `@Type` makes of a value is described elsewhere.
  IsDate: { schema: {} },
  MinDate: { schema: {} },
  MaxDate: { schema: {} },
  IsInstance: { schema: {} },
  IsObject: { schema: { type: 'object' } },
  IsNotEmptyObject: { schema: { type: 'object', minProperties: 1 } },

  IsPositive: { schema: { type: 'number', exclusiveMinimum: 0 } },
  IsNegative: { schema: { type: 'number', exclusiveMaximum: 0 } },
  Min: { schema: (min) => ({ type: 'number', ...(isFinite(min) && { minimum: min }) }) },
  Max: { schema: (max) => ({ type: 'number', ...(isFinite(max) && { maximum: max }) }) },
  IsDivisibleBy: { schema: divisibleBy },
  IsLatitude: { schema: { type: ['number', 'string'] } },
  IsLongitude: { schema: { type: ['number', 'string'] } },

  IsArray: { schema: ARRAY },
  ArrayNotEmpty: { schema: { ...ARRAY, minItems: 1 } },
  ArrayMinSize: { schema: (min) => ({ ...ARRAY, ...atLeast('minItems', min) }) },
  ArrayMaxSize: { schema: (max) => ({ ...ARRAY, ...atMost('maxItems', max) }) },
  ArrayUnique: { schema: ARRAY },
  ArrayContains: {
    schema: (values) =>
      allOf([
        ARRAY,
        ...literals(listOf(values))
          .slice(0, MAX_CONTAINED)
          .map((value) => ({ contains: { const: value } })),
      ]),
  },
  ArrayNotContains: {
    schema: (values) => {
      const items = noneOf(listOf(values));
      return { ...ARRAY, ...('not' in items && { items }) };
    },
  },

  Length: { schema: (min, max) => ({ ...STRING, ...atLeast('minLength', min), ...noLonger(max) }) },
  MinLength: { schema: (min) => ({ ...STRING, ...atLeast('minLength', min) }) },
  MaxLength: { schema: (max) => ({ ...STRING, ...noLonger(max) }) },
  Contains: { schema: (text) => ({ ...STRING, ...(typeof text === 'string' && contains(text)) }) },
  NotContains: {
    schema: (text) => {
      const found = typeof text === 'string' ? contains(text) : {};
      return { ...STRING, ...('pattern' in found && { not: found }) };
    },
  },
  Matches: { schema: (pattern, modifiers) => ({ ...STRING, ...matching(pattern, modifiers) }) },
  // class-validator's own idea of these formats is wider than that of JSON Schema.
  IsEmail: { schema: { ...STRING, pattern: '@' } },
  IsDateString: { schema: { ...STRING, pattern: '^[+-]?[0-9]{4}' } },
  IsISO8601: { schema: { ...STRING, pattern: '^[+-]?[0-9]{4}' } },
  IsRFC3339: { schema: { ...STRING, pattern: '^[0-9]{4}-' } },
  IsMilitaryTime: { schema: { ...STRING, pattern: '^[0-2][0-9]:?[0-5][0-9]$' } },
  IsAlpha: { schema: (locale) => ({ ...STRING, ...(isEnglish(locale) && { pattern: '^[A-Za-z]+$' }) }) },
  IsAlphanumeric: { schema: (locale) => ({ ...STRING, ...(isEnglish(locale) && { pattern: '^[0-9A-Za-z]+$' }) }) },
  IsBooleanString: { schema: { ...STRING, enum: ['true', 'false', '1', '0'] } },
  IsUUID: { schema: { ...STRING, format: 'uuid' } },
  IsIP: {
    schema: (version) => ({
      ...STRING,
      ...(String(version) === '4' ? { format: 'ipv4' } : String(version) === '6' && { pattern: ':' }),
    }),
  },
};

function listOf(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? values : [];
}

function isEnglish(locale: unknown): boolean {
  return locale === undefined || locale === 'en-US';
}

function isFinite(bound: unknown): bound is number {
  return typeof bound === 'number' && Number.isFinite(bound);
}

function atLeast(keyword: string, min: unknown): Schema {
  return isFinite(min) && min > 0 ? { [keyword]: Math.ceil(min) } : {};
}

function atMost(keyword: string, max: unknown): Schema {
  return isFinite(max) && max >= 0 ? { [keyword]: Math.floor(max) } : {};
}

/** class-validator does not count variation selectors, as there are in emoji. */
function noLonger(max: unknown): Schema {
  const limit = atMost('maxLength', max);
  return 'maxLength' in limit ? { anyOf: [limit, { pattern: '[\ufe0e\ufe0f]' }] } : {};
}

function divisibleBy(by: unknown): Schema {
  const divisor = Math.abs(parseInt(String(by), 10));
  return {
    type: 'integer',
    ...(Number.isSafeInteger(divisor) && divisor > 1 && { if: EXACT, then: { multipleOf: divisor } }),
  };
}

function matching(pattern: unknown, modifiers: unknown): Schema {
  if (pattern instanceof RegExp) return matches(pattern);
  try {
    return typeof pattern === 'string' ? matches(new RegExp(pattern, modifiers as string | undefined)) : {};
  } catch {
    return {};
  }
}
