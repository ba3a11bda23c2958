import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsDefined,
  IsNotEmptyObject,
  IsOptional,
  registerDecorator,
  Validate,
  ValidateIf,
  ValidateNested,
  ValidatorConstraint,
  type ValidationArguments,
  type ValidationOptions,
} from 'class-validator';
import * as fc from 'fast-check';
import { inspect } from 'node:util';
import { CASES } from './compiled-class.decorators';
import type { Target } from './compiled-class.oracle';

/** What a generated class is made from. */
export interface ClassSpec {
  readonly properties: readonly PropertySpec[];
  readonly parent: ClassSpec | undefined;
  /** Whether properties are class fields, which are there, undefined, before they are set. */
  readonly fields: boolean;
  readonly twist: Twist;
}

export interface PropertySpec {
  readonly name: string;
  readonly rule: Rule;
  readonly presence: Presence;
  readonly options: keyof typeof OPTIONS;
  readonly initial: Initial;
  /** What the compiler has written down as the property's type, where it is `@Type`d. */
  readonly designType: keyof typeof DESIGN_TYPES;
}

/** What a property has to be. */
export type Rule =
  | { readonly kind: 'decorated'; readonly by: string }
  | { readonly kind: 'number' | 'string' | 'boolean' | 'date'; readonly each: boolean }
  | { readonly kind: 'nested'; readonly of: ClassSpec | 'self'; readonly besides: keyof typeof BESIDES_NESTED }
  | { readonly kind: 'custom'; readonly answer: keyof typeof ANSWERS; readonly how: How }
  | { readonly kind: 'undecorated'; readonly by: 'nothing' | 'Type' };

type How = 'registered' | 'class' | 'asyncFlag' | 'undeclared' | 'two';
type Presence = 'required' | 'optional' | 'if' | 'ifThatThrows' | 'ifTwice' | 'allowed' | 'defined';
type Initial = 'none' | 'text' | 'list' | 'set' | 'object' | 'nested' | 'nestedWithMore' | 'nestedOther' | 'function';
type Twist = keyof typeof TWISTS;

const TYPES = { number: Number, string: String, boolean: Boolean, date: Date };

class List extends Array<unknown> {}
class Pushing {
  push(): void {}
}
export const DESIGN_TYPES = { none: undefined, Array, Object, Map, Set, Promise, List, Pushing, String, Symbol };

const OPTIONS = {
  none: {},
  each: { each: true },
  validateIf: { validateIf: (_object: unknown, value: unknown) => value !== 'skip' },
  groups: { groups: ['admin'] },
  always: { always: false },
  message: { message: () => 'no good', context: { code: 1 } },
} satisfies Record<string, ValidationOptions>;

const fewKeys = (value: unknown) => typeof value !== 'object' || value === null || Object.keys(value).length < 3;

const BESIDES_NESTED = {
  nothing: [],
  ArrayMaxSize: [ArrayMaxSize(2)],
  IsNotEmptyObject: [IsNotEmptyObject()],
  fewKeys: [(target: object, name: string | symbol) => register(target, name, {}, () => fewKeys)],
} satisfies Record<string, PropertyDecorator[]>;

/** What custom validators answer: all tell what they were asked. */
const ANSWERS = {
  short: (value: unknown) => typeof value !== 'string' || value.length < 3,
  truthy: (value: unknown) => (typeof value === 'string' ? value.length : 'yes'),
  promise: async (value: unknown) => typeof value !== 'string' || value.length < 3,
  throws: (value: unknown) => {
    if (typeof value !== 'string') throw new Error('throws');
    return true;
  },
  changes: (_value: unknown, { object }: ValidationArguments) => {
    (object as Record<string, unknown>)['changed'] = true;
    return true;
  },
  sees: (_value: unknown, { object }: ValidationArguments) => JSON.stringify(object).length < 120,
};
type Answer = (value: unknown, args: ValidationArguments) => unknown;

/** What custom validators and conditions were asked since it was emptied. */
export const asked: string[] = [];

function recorded(answer: Answer): (value: unknown, args?: ValidationArguments) => boolean {
  return (value, args) => {
    asked.push(inspect([value, args], { depth: 8, sorted: true }));
    return answer(value, args!) as boolean;
  };
}

function register(target: object, name: string | symbol, options: ValidationOptions, answer: () => Answer): void {
  registerDecorator({
    name: 'custom',
    target: target.constructor,
    propertyName: name as string,
    options,
    constraints: [1, 'a'],
    validator: { validate: recorded(answer()) },
  });
}

function custom(answer: Answer, how: How, options: ValidationOptions): PropertyDecorator {
  class Constraint {
    validate = recorded(answer);
  }
  if (how !== 'undeclared') ValidatorConstraint({ name: 'declared', async: how === 'asyncFlag' })(Constraint);
  if (how === 'two') ValidatorConstraint({ name: 'again' })(Constraint);
  if (how === 'registered') return (target, name) => register(target, name, options, () => answer);
  return Validate(Constraint, [{ deep: ['constraint'] }], options);
}

/** What a class may have besides properties; `true` where the compiler must leave it alone. */
const TWISTS = {
  none: false,
  method: false,
  getter: false,
  counter: false,
  symbol: false,
  toPlainOnly: false,
  setter: true,
  inheritedGetter: true,
  sealed: true,
  hidden: true,
  otherObject: true,
  throws: true,
  transform: true,
  transformUndecorated: true,
  expose: true,
  exposeAs: true,
  exclude: true,
  excludeClass: true,
  exposeClass: true,
};

/** The first property's name is where a twist goes that needs one. */
export function makeClass(spec: ClassSpec): Target {
  const { properties, twist, fields } = spec;
  const nested = new Map<PropertySpec, Target>();
  for (const property of properties)
    if (property.rule.kind === 'nested' && property.rule.of !== 'self')
      nested.set(property, makeClass(property.rule.of));
  const Parent: Target =
    spec.parent !== undefined
      ? makeClass(spec.parent)
      : twist === 'inheritedGetter'
        ? class {
            get unknown() {
              return 'base';
            }
          }
        : class {};

  let made = 0;
  class Generated extends Parent {
    constructor() {
      super();
      made++;
      if (twist === 'throws') throw new Error('no instance');
      for (const property of properties) {
        // A class that holds itself, as a default, would never end.
        const value = initialValue(property.initial, nested.get(property));
        if (!fields && value === undefined) continue;
        Object.defineProperty(this, property.name, { value, enumerable: true, configurable: true, writable: true });
      }
      const own = this as Record<string | symbol, unknown>;
      if (twist === 'counter' && properties[0] !== undefined) own[properties[0].name] = made > 0 && 'in';
      if (twist === 'symbol') own[Symbol.for('mark')] = 1;
      if (twist === 'hidden') Object.defineProperty(this, 'unknown', { value: 'own', writable: true });
      if (twist === 'sealed') Object.preventExtensions(this);
      if (twist === 'otherObject') return Object.assign(Object.create(Parent.prototype as object) as Generated, this);
    }
  }
  const { prototype } = Generated;
  if (twist === 'method') Object.defineProperty(prototype, 'unknown', { value: () => 1 });
  if (twist === 'getter') Object.defineProperty(prototype, 'unknown', { get: () => 1 });
  if (twist === 'setter')
    Object.defineProperty(prototype, 'unknown', {
      get: () => 1,
      set(this: Record<string, unknown>, value: unknown) {
        const [first] = properties;
        if (first !== undefined) this[first.name] = value;
      },
    });
  for (const property of properties)
    decorate(prototype, property, nested.get(property) ?? (property.rule.kind === 'nested' ? Generated : undefined));

  const [first] = properties;
  const name = first?.name ?? 'a';
  const shout = Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? `${value}!` : value));
  if (twist === 'toPlainOnly') Transform(() => 'plain', { toPlainOnly: true })(prototype, name);
  if (twist === 'transform') shout(prototype, name);
  if (twist === 'transformUndecorated')
    Transform(({ obj }: { obj: Record<string, unknown> }) => (obj[name] as string).length)(prototype, 'unknown');
  if (twist === 'expose') Expose()(prototype, name);
  if (twist === 'exposeAs') Expose({ name: 'unknown' })(prototype, name);
  if (twist === 'exclude') Exclude()(prototype, name);
  if (twist === 'excludeClass') Exclude()(Generated);
  if (twist === 'exposeClass') Expose()(Generated);
  return Generated;
}

const nothing = () => 1;

function initialValue(initial: Initial, nested: Target | undefined): unknown {
  switch (initial) {
    case 'none':
      return undefined;
    case 'text':
      return 'in';
    case 'list':
      return ['a'];
    case 'set':
      return new Set(['a', 'too long']);
    case 'object':
      return { a: 1 };
    case 'function':
      return nothing;
    case 'nested':
      return nested && new nested();
    case 'nestedWithMore':
      return nested && Object.assign(new nested(), { more: 1 });
    case 'nestedOther': {
      if (nested === undefined) return undefined;
      class Narrower extends nested {
        declare never: unknown;
      }
      IsDefined()(Narrower.prototype, 'never');
      return new Narrower();
    }
  }
}

function decorate(target: object, { name, rule, presence, options, designType }: PropertySpec, nested?: Target): void {
  const design = DESIGN_TYPES[designType];
  if (design !== undefined) Reflect.defineMetadata('design:type', design, target, name);
  const settings = OPTIONS[options] as ValidationOptions;
  const decorators: PropertyDecorator[] = [];
  switch (rule.kind) {
    case 'undecorated':
      if (rule.by === 'Type') Type(() => Pushing)(target, name);
      return;
    case 'decorated':
      decorators.push(...CASES[rule.by]!.decorate(settings));
      break;
    case 'custom':
      decorators.push(custom(ANSWERS[rule.answer], rule.how, settings));
      break;
    case 'nested':
      decorators.push(
        ...BESIDES_NESTED[rule.besides],
        ValidateNested(settings),
        Type(() => nested!),
      );
      break;
    case 'number':
    case 'string':
    case 'boolean':
    case 'date': {
      const by = { number: 'IsInt', string: 'IsString', boolean: 'IsBoolean', date: 'IsDate' }[rule.kind];
      const [first] = CASES[by]!.decorate(rule.each ? { each: true } : settings);
      decorators.push(
        first!,
        Type(() => TYPES[rule.kind]),
      );
    }
  }
  decorators.unshift(...conditions(presence, name));
  for (const one of decorators.reverse()) one(target, name);
}

type Condition = Parameters<typeof ValidateIf>[0];

function conditions(presence: Presence, name: string): PropertyDecorator[] {
  const tells: Condition = (object, value) => {
    asked.push(inspect([value, object], { depth: 8, sorted: true }));
    return value !== 'skip';
  };
  const needsValue: Condition = (object: Record<string, { length: number } | undefined | null>) =>
    object[name]!.length !== 2;
  switch (presence) {
    case 'required':
      return [];
    case 'optional':
      return [IsOptional()];
    case 'if':
      return [ValidateIf(tells)];
    case 'ifThatThrows':
      return [ValidateIf(needsValue), IsOptional()];
    case 'ifTwice':
      return [IsOptional(), ValidateIf(tells)];
    case 'allowed':
      return [Allow()];
    case 'defined':
      return [IsDefined()];
  }
}

const usual = ['a', 'b', 'c', 'd', 'e'];
const unusual = ['id', 'then', 'name', 'length', 'prototype', '0', '', 'target', 'toJSON'];
/** class-validator trips over decorated properties of these names. */
export const IMPOSSIBLE = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf'];

const common = <T>(usually: T, ...others: T[]) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usually) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const byCase = fc.constantFrom(...Object.keys(CASES).filter((name) => CASES[name]!.left === undefined));

function properties(depth: number): fc.Arbitrary<PropertySpec> {
  const rule: fc.Arbitrary<Rule> = fc.oneof(
    { weight: 30, arbitrary: byCase.map((by): Rule => ({ kind: 'decorated', by })) },
    {
      weight: 9,
      arbitrary: fc.record({
        kind: fc.constantFrom('number' as const, 'string' as const, 'boolean' as const, 'date' as const),
        each: fc.boolean(),
      }),
    },
    {
      weight: depth > 0 ? 15 : 0,
      arbitrary: fc.record({
        kind: fc.constant('nested' as const),
        of: fc.oneof(
          { weight: 1, arbitrary: fc.constant('self' as const) },
          { weight: 4, arbitrary: depth > 0 ? classes(depth - 1) : fc.constant('self' as const) },
        ),
        besides: common<keyof typeof BESIDES_NESTED>('nothing', 'ArrayMaxSize', 'IsNotEmptyObject', 'fewKeys'),
      }),
    },
    {
      weight: 9,
      arbitrary: fc.record({
        kind: fc.constant('custom' as const),
        answer: fc.constantFrom(...(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[])),
        how: common<How>('registered', 'class', 'asyncFlag', 'undeclared', 'two'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('undecorated' as const),
        by: fc.constantFrom('nothing' as const, 'Type' as const),
      }),
    },
  );
  return fc.record({
    name: fc.oneof(
      { weight: 60, arbitrary: fc.constantFrom(...usual) },
      { weight: 5, arbitrary: fc.constantFrom(...unusual) },
      { weight: 1, arbitrary: fc.constantFrom(...IMPOSSIBLE) },
    ),
    rule,
    presence: common<Presence>(
      'required',
      'optional',
      'optional',
      'if',
      'ifThatThrows',
      'ifTwice',
      'allowed',
      'defined',
    ),
    options: common<keyof typeof OPTIONS>('none', 'each', 'validateIf', 'groups', 'always', 'message'),
    initial: common<Initial>(
      'none',
      'text',
      'list',
      'set',
      'object',
      'nested',
      'nestedWithMore',
      'nestedOther',
      'function',
    ),
    designType: common<keyof typeof DESIGN_TYPES>(
      'none',
      ...(Object.keys(DESIGN_TYPES) as (keyof typeof DESIGN_TYPES)[]),
    ),
  });
}

/** Classes of every kind that the libraries know, and some that they do not want. */
export function classes(depth: number, heirs = true): fc.Arbitrary<ClassSpec> {
  return fc.record({
    properties: fc.uniqueArray(properties(depth), { selector: ({ name }) => name, minLength: 1, maxLength: 3 }),
    parent: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      {
        weight: heirs ? 1 : 0,
        arbitrary: heirs ? fc.constant(null).chain(() => classes(0, false)) : fc.constant(undefined),
      },
    ),
    fields: fc.boolean(),
    twist: common<Twist>('none', ...(Object.keys(TWISTS) as Twist[])),
  });
}

/** All specs that a class is made from: its own, its parents', less what it overrides, and those that it holds. */
function* specsOf(spec: ClassSpec, isParent = false): Generator<ClassSpec & { isParent: boolean }> {
  const { properties, parent } = spec;
  yield { ...spec, isParent };
  for (const { rule } of properties) if (rule.kind === 'nested' && rule.of !== 'self') yield* specsOf(rule.of);
  if (parent === undefined) return;
  const inherited = parent.properties.filter(({ name }) => !properties.some((own) => own.name === name));
  yield* specsOf({ ...parent, properties: inherited }, true);
}

/** Whether the libraries must decide alone. */
export function mustBeLeft(spec: ClassSpec): boolean {
  return [...specsOf(spec)].some(
    ({ twist, properties, isParent, parent }) =>
      // The libraries, too, look for these on the class itself only, and a class that has a parent gets no other.
      (TWISTS[twist] &&
        !(isParent && (twist === 'excludeClass' || twist === 'exposeClass')) &&
        !(parent !== undefined && twist === 'inheritedGetter')) ||
      properties.some(({ rule }) => rule.kind === 'custom' && rule.how === 'asyncFlag'),
  );
}

/** Whether there is nothing about a class that the compiler has a reason to leave. */
export function mustBeCompiled(spec: ClassSpec): boolean {
  return (
    !mustBeLeft(spec) &&
    [...specsOf(spec)].every(
      ({ properties, parent, twist, isParent }) =>
        (twist !== 'getter' || !isParent) &&
        !properties.some(({ name }) => parent?.properties.some((inherited) => inherited.name === name)) &&
        properties.every(
          ({ name, rule, initial, designType }) =>
            !IMPOSSIBLE.includes(name) &&
            rule.kind !== 'undecorated' &&
            initial !== 'function' &&
            ['none', 'Array', 'Object', 'String'].includes(designType),
        ),
    )
  );
}

/** A class's own properties and those that it inherits. */
export function propertiesOf(spec: ClassSpec): ReadonlyMap<string, PropertySpec> {
  const merged = new Map<string, PropertySpec>();
  for (let each: ClassSpec | undefined = spec; each !== undefined; each = each.parent)
    for (const property of each.properties) if (!merged.has(property.name)) merged.set(property.name, property);
  return merged;
}

/** The names that the whitelist keeps. */
export function decoratedNames(spec: ClassSpec): ReadonlySet<string> {
  const own = spec.properties.filter(({ rule }) => rule.kind !== 'undecorated').map(({ name }) => name);
  return new Set([...own, ...(spec.parent === undefined ? [] : decoratedNames(spec.parent))]);
}

/** Whether the compiler has no reason to leave a valid payload to the libraries. */
export function mustBeDecided(spec: ClassSpec, payload: Readonly<Record<string, unknown>>): boolean {
  const isPlain = ({ rule }: PropertySpec) => rule.kind !== 'custom' || !['truthy', 'promise'].includes(rule.answer);
  return (
    mustBeCompiled(spec) &&
    [...specsOf(spec)].every(({ properties }) => properties.every(isPlain)) &&
    isKnown(spec, payload)
  );
}

function isKnown(spec: ClassSpec, payload: Readonly<Record<string, unknown>>): boolean {
  return [...propertiesOf(spec).values()].every(({ name, rule, initial, options }) => {
    const value = payload[name];
    if (value === undefined) return !initial.startsWith('nested') && !(initial === 'set' && options === 'each');
    return (Array.isArray(value) ? (value as unknown[]) : [value]).every((item) => {
      if (item === null) return true;
      if (typeof item !== 'object')
        return rule.kind !== 'nested' && !(rule.kind === 'decorated' && HOLD_LEAVES.includes(rule.by));
      if (Array.isArray(item)) return false;
      const inner = rule.kind === 'nested' ? (rule.of === 'self' ? spec : rule.of) : undefined;
      const names = inner === undefined ? new Set(['name', 'size']) : decoratedNames(inner);
      return (
        Object.keys(item).every((key) => names.has(key)) &&
        (inner === undefined ? rule.kind === 'decorated' && isLeaf(rule.by, item) : isKnown(inner, item as never))
      );
    });
  });
}

const HOLD_LEAVES = ['ValidateNested', 'IsInstance', 'IsObject', 'IsNotEmptyObject'];

function isLeaf(by: string, item: object): boolean {
  return HOLD_LEAVES.includes(by) && Object.values(item).every((value) => typeof value !== 'object' || value === null);
}

/** Payloads for a class: many that it takes. */
export function payloads(spec: ClassSpec, depth = 3): fc.Arbitrary<Record<string, unknown>> {
  const merged = propertiesOf(spec);
  const entries = [...merged.values()].map((property) =>
    fc.option(values(property, spec, depth), { nil: undefined, freq: property.presence === 'required' ? 12 : 4 }),
  );
  return fc
    .record({
      known: fc.tuple(...entries),
      rest: fc.oneof(
        { weight: 8, arbitrary: fc.constant([]) },
        {
          weight: 1,
          arbitrary: fc.array(fc.tuple(fc.constantFrom('unknown', 'more', ...IMPOSSIBLE), odd), { maxLength: 2 }),
        },
      ),
    })
    .map(({ known, rest }) => {
      const payload = {};
      const names = [...merged.keys()];
      for (const [name, value] of [...known.map((value, i) => [names[i]!, value] as const), ...rest])
        if (value !== undefined)
          Object.defineProperty(payload, name, { value, enumerable: true, configurable: true, writable: true });
      return payload;
    });
}

function values({ rule, options }: PropertySpec, spec: ClassSpec, depth: number): fc.Arbitrary<unknown> {
  const good = goodValues(rule, spec, depth);
  return fc.oneof(
    { weight: 24, arbitrary: options === 'each' && rule.kind !== 'nested' ? fc.array(good, { maxLength: 2 }) : good },
    { weight: 1, arbitrary: fc.array(good, { maxLength: 2 }) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>('skip', null) },
    { weight: 2, arbitrary: odd },
  );
}

function goodValues(rule: Rule, spec: ClassSpec, depth: number): fc.Arbitrary<unknown> {
  switch (rule.kind) {
    case 'undecorated':
      return odd;
    case 'decorated':
      return fc.constantFrom(...CASES[rule.by]!.valid);
    case 'custom':
      return fc.constantFrom('', 'a', 'ab');
    case 'nested': {
      if (depth === 0) return fc.constant(null);
      const inner = payloads(rule.of === 'self' ? spec : rule.of, depth - 1);
      return fc.oneof({ weight: 2, arbitrary: inner }, { weight: 1, arbitrary: fc.array(inner, { maxLength: 3 }) });
    }
    case 'number':
    case 'string':
    case 'boolean':
    case 'date': {
      const good = {
        number: fc.constantFrom<unknown>(1, '2', true, ''),
        string: fc.constantFrom<unknown>('a', 1, false),
        boolean: fc.constantFrom<unknown>(true, 0, 'yes'),
        date: fc.constantFrom<unknown>('2024-01-01', 0, true),
      }[rule.kind];
      return rule.each ? fc.array(good, { maxLength: 3 }) : good;
    }
  }
}

/** Values that no decorator asks for, but anybody may send. */
export const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, 1e21, true, [], {}, [null], [[]], '\ud800', { then: 1 }, { length: 3 }),
  fc.constantFrom<unknown>({ constructor: 1 }, { toString: 1 }, [{ constructor: { prototype: 1 } }], { a: { b: [] } }),
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.jsonValue({ maxDepth: 2 }),
);
