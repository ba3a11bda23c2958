import 'reflect-metadata';
import {
  DefinitionError,
  Endpoint,
  Group,
  NatsServiceFactory,
  Service,
  StatsHandler,
  Use,
  type Class,
  type Container,
  type EndpointOptions,
  type RequestContext,
} from '@natsmith/core';
import { Transform, Type } from 'class-transformer';
import { event } from '@natsmith/protocol';
import { IsNumber, IsOptional, IsString, Validate, ValidateNested } from 'class-validator';
import { planServices } from '../src/plan/services';
import { CORE_KINDS } from '../src/sources/kinds';
import { constructorProblem } from '../src/host/objects';
import { payloadClassProblem } from '../src/payload/class-validator/check';
import { hasValidators } from '../src/payload/validator';

class Validated {
  @IsNumber() a: number;
}

class Bare {
  a: number;
}

class Untyped {
  @ValidateNested() nested: Validated;
}

class Deep {
  @ValidateNested({ each: true }) @Type(() => Untyped) list: Untyped[];
  @ValidateNested() @Type(() => Deep) itself: Deep;
}

class Subtypes {
  @ValidateNested()
  @Type(() => Object, { discriminator: { property: 'type', subTypes: [{ value: Untyped, name: 'untyped' }] } })
  nested: Untyped;
}

class NestsBare {
  @ValidateNested() @Type(() => Bare) nested: Bare;
}

class Demanding {
  @IsNumber() a: number;
  constructor(other: { a: number }) {
    this.a = other.a;
  }
}

class NestsDemanding {
  @ValidateNested({ each: true }) @Type(() => Demanding) list: Demanding[];
}

class Frozen {
  @IsString() name: string;
  constructor() {
    Object.freeze(this);
  }
}

class Endless {
  @IsString()
  set name(name: string) {
    this.name = name;
  }
}

/** Refuses most values, all those of a payload that a test would think of among them. */
class Picky {
  @IsNumber()
  set port(port: number) {
    if (!(port >= 1024)) throw new RangeError('too small');
  }
  get port(): number {
    return 1024;
  }
  @IsString()
  get text(): string {
    return String(this.port);
  }
  @IsOptional()
  @Type((help) => (help!.object['isBare'] === true ? Bare : Validated))
  dependent: Bare | Validated;
  @IsOptional() @Type(() => Date) at: Date;
}

/** A payload class with one property. */
function nesting(...decorators: readonly PropertyDecorator[]): Class {
  class Payload {
    declare inner: unknown;
  }
  for (const decorate of decorators) decorate(Payload.prototype, 'inner');
  return Payload;
}

function fail(message: string): never {
  throw new Error(message);
}

class Transforming {
  @ValidateNested() @Transform(({ value }) => Object.assign(new Validated(), value as object)) nested: Validated;
}

interface Shape {
  a: number;
}

const planning = {
  payloads: { hasValidators, problem: payloadClassProblem },
  constructorProblem,
  kinds: CORE_KINDS,
};
const plan = (...targets: unknown[]) => planServices(targets, planning);
const endpointsOf = (target: Class) => plan(target)[0]!.handlers.map((handler) => handler.plan);
const subjectsOf = (target: Class) => endpointsOf(target).map(({ subject }) => subject);

/** Every mistake in the classes, each with the place that it names; `[]` for none. */
function mistakesIn(...targets: unknown[]): string[] {
  try {
    plan(...targets);
    return [];
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return error.mistakes.map(({ where, problem }) => `${where} ${problem}`);
  }
}

function serviceWith(options: object): Class {
  @Service({ name: 'x', version: '1.0.0', ...options })
  class Subject {
    @Endpoint()
    x(): void {}
  }
  return Subject;
}

function endpointWith(options: object | string): Class {
  @Service({ name: 'x', version: '1.0.0' })
  class Subject {
    @Endpoint(options as EndpointOptions<'unchecked', 'unchecked'>)
    x(): void {}
  }
  return Subject;
}

function groupWith(prefix: string, options: object = {}): Class {
  @Service({ name: 'x', version: '1.0.0' })
  @Group(prefix, options)
  class Subject {
    @Endpoint()
    x(): void {}
  }
  return Subject;
}

/** One mistake, that names the place and says what is wrong and what to do. */
type Row = [title: string, target: () => unknown, where: string, problem: RegExp];

describe('a service', () => {
  it.each<Row>([
    ['without a name', () => serviceWith({ name: undefined }), 'Subject', /name is missing; give a name of letters/],
    ['with a blank in its name', () => serviceWith({ name: 'my calc' }), 'Subject', /"my calc" .* example "my-calc"/],
    ['with a dot in its name', () => serviceWith({ name: 'my.calc' }), 'Subject', /service name "my.calc"/],
    ['with a wildcard as its name', () => serviceWith({ name: '*' }), 'Subject', /service name "\*"/],
    ['with a letter beyond ASCII', () => serviceWith({ name: 'größe' }), 'Subject', /service name "größe"/],
    ['without a version', () => serviceWith({ version: undefined }), 'Subject', /version is missing; .* 1\.0\.0/],
    ['with half a version', () => serviceWith({ version: '1.0' }), 'Subject', /"1.0" is not SemVer .* 1\.0\.0/],
    ['with a v in its version', () => serviceWith({ version: 'v1.0.0' }), 'Subject', /"v1.0.0" is not SemVer/],
    ['with a leading zero', () => serviceWith({ version: '01.0.0' }), 'Subject', /"01.0.0" is not SemVer/],
    ['with four numbers', () => serviceWith({ version: '1.0.0.1' }), 'Subject', /"1.0.0.1" is not SemVer/],
    ['with a blank queue group', () => serviceWith({ queueGroup: 'a b' }), 'Subject', /queue group "a b" .* or false/],
    ['with a wildcard queue group', () => serviceWith({ queueGroup: '>' }), 'Subject', /queue group ">"/],
    [
      'with metadata that is not a string',
      () => serviceWith({ metadata: { a: 1 } }),
      'Subject',
      /metadata "a" must be a string/,
    ],
    [
      'with metadata that is not an object',
      () => serviceWith({ metadata: 'a' }),
      'Subject',
      /"metadata" that must be an object of strings/,
    ],
    [
      'with metadata in a list',
      () => serviceWith({ metadata: ['a'] }),
      'Subject',
      /"metadata" that must be an object of strings/,
    ],
    ['with reserved metadata', () => serviceWith({ metadata: { _nats_x: 'a' } }), 'Subject', /"_nats_x" begins with/],
    [
      'with a timeout of 0',
      () => serviceWith({ timeout: 0 }),
      'Subject',
      /timeout must be a positive duration, .*; got 0$/,
    ],
    [
      'with an endless timeout',
      () => serviceWith({ timeout: Infinity }),
      'Subject',
      /timeout must be .*; got Infinity$/,
    ],
    [
      'with half a place',
      () => serviceWith({ concurrency: 1.5 }),
      'Subject',
      /concurrency must be a whole number, 1 or more, got 1.5$/,
    ],
    ['with no place', () => serviceWith({ concurrency: 0 }), 'Subject', /concurrency must be .* got 0$/],
    [
      'with a negative queue',
      () => serviceWith({ concurrency: 1, maxPending: -1 }),
      'Subject',
      /maxPending must be .* got -1$/,
    ],
    ['with a queue for nothing', () => serviceWith({ maxPending: 1 }), 'Subject', /maxPending without concurrency/],
    [
      'that publishes what is not a list',
      () => serviceWith({ publishes: {} as never }),
      'Subject',
      /publishes must be an array of events/,
    ],
    [
      'that publishes an undefined event',
      () => serviceWith({ publishes: [undefined as never] }),
      'Subject',
      /publishes undefined; .* circular/,
    ],
    [
      'that publishes a class',
      () => serviceWith({ publishes: [Bare as never] }),
      'Subject',
      /publishes something other than an event; declare it/,
    ],
    [
      'that publishes to a wildcard',
      () => serviceWith({ publishes: [event('a.>', 'unchecked')] }),
      'Subject',
      /publishes the event "a.>", whose subject has a wildcard/,
    ],
    ['with an undefined group', () => serviceWith({ groups: [undefined] }), 'Subject', /mounts undefined .* circular/],
    ['that mounts a plain class', () => serviceWith({ groups: [Bare] }), 'Subject', /Bare, which has no @Group; write/],
    [
      'that mounts a service',
      () => serviceWith({ groups: [endpointWith({})] }),
      'Subject',
      /which is a service; mount/,
    ],
    [
      'that is not decorated',
      () => Undecorated,
      'Undecorated',
      /has no @Service; write @Service\(\{ name, version \}\)/,
    ],
    ['that is undefined', () => undefined, 'create()', /was given undefined as a service; pass a class/],
    ['that is a string', () => 'Subject', 'create()', /was given "Subject" as a service; pass a class/],
    ['that has no class', () => Object.create(null) as unknown, 'create()', /was given an object without a class as/],
    ['that is an array', () => [Bare], 'create()', /an instance of Array, .*; list all services in one array/],
    ['that is a promise', () => Promise.resolve(Bare), 'create()', /an instance of Promise, .*; await the promise/],
    [
      'that is an instance',
      () => new Bare(),
      'create()',
      /was given an instance of Bare, which has neither @Service nor/,
    ],
    ['without endpoints', () => Empty, 'Empty', /has no handler; write @Endpoint\(\) or @Subscribe\(event\)/],
    ['that is a service twice', () => Twice, 'Twice', /has @Service more than once; keep one/],
    ['in two groups', () => TwoGroups, 'TwoGroups', /has @Group more than once; join the prefixes/],
    ['with two stats handlers', () => TwoStats, 'TwoStats', /@StatsHandler on one and two; keep one/],
    ['that every await would wait for', () => Thenable, 'Thenable', /method named "then", .* @Endpoint\('then'\)/],
    ['that wants arguments', () => Wanting, 'Wanting', /constructor with 2 parameter\(s\) .*container/],
    [
      'whose parent wants arguments',
      () => WantingHeir,
      'WantingHeir',
      /1 parameter\(s\), inherited from WantingParent,/,
    ],
  ])('%s is refused', (_title, target, where, problem) => {
    const mistakes = mistakesIn(target());
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(problem);
    expect(mistakes[0]!.startsWith(`${where} `)).toBe(true);
  });

  class Undecorated {
    @Endpoint()
    x(): void {}
  }

  @Service({ name: 'empty', version: '1.0.0' })
  class Empty {}

  @Service({ name: 'thenable', version: '1.0.0' })
  class Thenable {
    @Endpoint()
    then(): void {}
  }

  @Service({ name: 'twice', version: '1.0.0' })
  @Service({ name: 'again', version: '1.0.0' })
  class Twice {
    @Endpoint()
    x(): void {}
  }

  @Service({ name: 'groups', version: '1.0.0' })
  @Group('a')
  @Group('b')
  class TwoGroups {
    @Endpoint()
    x(): void {}
  }

  @Service({ name: 'stats', version: '1.0.0' })
  class TwoStats {
    @Endpoint()
    x(): void {}
    @StatsHandler()
    one(): void {}
    @StatsHandler()
    two(): void {}
  }

  @Service({ name: 'wanting', version: '1.0.0' })
  class Wanting {
    constructor(
      readonly a: Bare,
      readonly b: Bare,
    ) {}
    @Endpoint()
    x(): void {}
  }

  abstract class WantingParent {
    constructor(readonly a: Bare) {}
  }

  @Service({ name: 'heir', version: '1.0.0' })
  class WantingHeir extends WantingParent {
    @Endpoint()
    x(): void {}
  }

  it.each([
    ['1.0.0-rc.1+b5', {}],
    ['0.0.0', { queueGroup: false, metadata: {}, timeout: 0.5, concurrency: 1, maxPending: 0, groups: [] }],
    ['0.0.1', { timeout: '30s', maxBody: 64 * 1024 * 1024 }],
    ['10.20.30', { queueGroup: 'a.b', name: 'A_b-9', description: '' }],
  ])('of version %s with %j is fine', (version, options) => {
    expect(mistakesIn(serviceWith({ version, ...options }))).toEqual([]);
  });

  it('whose constructor has defaults for all that it takes is fine', () => {
    @Service({ name: 'defaults', version: '1.0.0' })
    class Defaults extends WantingParent {
      constructor(a = new Bare()) {
        super(a);
      }
      @Endpoint()
      x(): void {}
    }
    expect(mistakesIn(Defaults)).toEqual([]);
  });

  it('that extends a class of Node with optional arguments is fine', async () => {
    const { EventEmitter } = await import('node:events');
    @Service({ name: 'emitter', version: '1.0.0' })
    class Emitting extends EventEmitter {
      @Endpoint()
      x(): void {}
    }
    expect(mistakesIn(Emitting)).toEqual([]);
  });

  it('listed twice is refused', () => {
    const target = serviceWith({});
    expect(mistakesIn(target, target)).toEqual([expect.stringMatching(/^Subject is listed twice; .*more processes/)]);
  });

  it('is needed', () => {
    expect(mistakesIn()).toEqual([expect.stringMatching(/^create\(\) was given no service; pass/)]);
  });
});

describe('an endpoint', () => {
  it.each<Row>([
    ['with a blank in its name', () => endpointWith('a b'), 'Subject.x', /endpoint name "a b" .* example "a-b"/],
    ['with an empty name', () => endpointWith(''), 'Subject.x', /endpoint name is missing/],
    ['with a dot in its name', () => endpointWith({ name: 'a.b' }), 'Subject.x', /endpoint name "a.b"/],
    ['with an empty subject', () => endpointWith({ subject: '' }), 'Subject.x', /subject is empty; a subject is/],
    ['with an empty token', () => endpointWith({ subject: 'a..b' }), 'Subject.x', /"a..b" has an empty token; remove/],
    ['with a dot in front', () => endpointWith({ subject: '.a' }), 'Subject.x', /".a" has an empty token/],
    ['with a dot behind', () => endpointWith({ subject: 'a.' }), 'Subject.x', /"a." has an empty token/],
    [
      'with a blank in its subject',
      () => endpointWith({ subject: 'a b' }),
      'Subject.x',
      /"a b" holds white space; join/,
    ],
    ['with a line break', () => endpointWith({ subject: 'a\r\nSUB b 1' }), 'Subject.x', /holds white space/],
    ['with a tab', () => endpointWith({ subject: 'a\tb' }), 'Subject.x', /holds white space/],
    ['with > before its end', () => endpointWith({ subject: 'a.>.b' }), 'Subject.x', /">" before its end/],
    ['with * inside a token', () => endpointWith({ subject: 'a.b*' }), 'Subject.x', /inside the token "b\*"/],
    ['with > inside a token', () => endpointWith({ subject: 'a.b>' }), 'Subject.x', /inside the token "b>"/],
    [
      'with half a named token',
      () => endpointWith({ subject: 'a.{id' }),
      'Subject.x',
      /token "\{id"; a named token is/,
    ],
    ['with a token named twice', () => endpointWith({ subject: '{id}.a.{id}' }), 'Subject.x', /\{id\} twice/],
    ['on a discovery subject', () => endpointWith({ subject: '$SRV.PING' }), 'Subject.x', /reserved for discovery/],
    ['that takes everything', () => endpointWith({ subject: '>' }), 'Subject.x', /would take discovery requests/],
    ['that takes all of two tokens', () => endpointWith({ subject: '*.{b}' }), 'Subject.x', /would take discovery/],
    ['with a bad queue group', () => endpointWith({ queueGroup: 'a b' }), 'Subject.x', /queue group "a b"/],
    [
      'with a queue group of true',
      () => endpointWith({ queueGroup: true }),
      'Subject.x',
      /"queueGroup" that must be a string, or false/,
    ],
    ['with metadata that is not a string', () => endpointWith({ metadata: { a: {} } }), 'Subject.x', /metadata "a"/],
    ['with reserved metadata', () => endpointWith({ metadata: { _nats: 'a' } }), 'Subject.x', /"_nats" begins with/],
    ['with a negative timeout', () => endpointWith({ timeout: -5 }), 'Subject.x', /timeout must be .*; got -5$/],
    ['with a timeout of text', () => endpointWith({ timeout: '5 sec' }), 'Subject.x', /"250ms", "30s".*; got "5 sec"$/],
    ['with a timeout of null', () => endpointWith({ timeout: null }), 'Subject.x', /timeout must be .*; got null$/],
    [
      'with no bytes for a body',
      () => endpointWith({ maxBody: 0 }),
      'Subject.x',
      /maxBody must be .*1 or more, got 0$/,
    ],
    ['with maxBody as text', () => endpointWith({ maxBody: '1MB' }), 'Subject.x', /maxBody must be .* got "1MB"$/],
    [
      'with a body over what goes in chunks',
      () => endpointWith({ maxBody: 64 * 1024 * 1024 + 1 }),
      'Subject.x',
      /maxBody must be at most 67108864 bytes \(64 MiB\), got 67108865; .*stream\(Item\)$/,
    ],
    ['with no place', () => endpointWith({ concurrency: 0 }), 'Subject.x', /concurrency must be .* got 0$/],
    ['with a queue for nothing', () => endpointWith({ maxPending: 5 }), 'Subject.x', /maxPending without concurrency/],
    ['with an unknown codec', () => endpointWith({ codec: 'xml' }), 'Subject.x', /codec "xml" is none of/],
    ['with half a codec', () => endpointWith({ codec: { name: 'a' } }), 'Subject.x', /codec needs the methods decode/],
    ['with an unknown request', () => endpointWith({ request: 'any' }), 'Subject.x', /"request" that is not a class/],
    ['with a request of null', () => endpointWith({ request: null }), 'Subject.x', /"request" that is not a class/],
    [
      'with an empty list',
      () => endpointWith({ request: [] }),
      'Subject.x',
      /not \[Class\]; name exactly one class.* got 0$/,
    ],
    [
      'with a list of what is not declared yet',
      () => endpointWith({ request: [undefined] }),
      'Subject.x',
      /got \[undefined\]: is the class used before its declaration, or in a circular import\?$/,
    ],
    ['with a list of text', () => endpointWith({ request: ['a'] }), 'Subject.x', /exactly one class, got \["a"\]$/],
    [
      'with a request of Date',
      () => endpointWith({ request: Date }),
      'Subject.x',
      /class Date without .*, which JSON has no value for; take a string/,
    ],
    [
      'with a list of Dates',
      () => endpointWith({ request: [Date] }),
      'Subject.x',
      /class Date without .*, which JSON has no value for/,
    ],
    [
      'with a request of Object',
      () => endpointWith({ request: Object }),
      'Subject.x',
      /class Object without .*, which says nothing/,
    ],
    [
      'with a request of Array',
      () => endpointWith({ request: Array }),
      'Subject.x',
      /class Array without .*; write request: \[Class\]$/,
    ],
    [
      'with a request of Map',
      () => endpointWith({ request: Map }),
      'Subject.x',
      /class Map without .*, which JSON has no value for; take a class/,
    ],
    [
      'with a list of bytes',
      () => endpointWith({ request: [Uint8Array] }),
      'Subject.x',
      /several Uint8Arrays; take one/,
    ],
    [
      'with a request of an object',
      () => endpointWith({ request: {} }),
      'Subject.x',
      /not a class, .*: an object; write one of/,
    ],
    [
      'with a function that gives the class',
      () => endpointWith({ request: () => Validated }),
      'Subject.x',
      /has a function as its "request" \(request\) that is not a class; write the class itself/,
    ],
    [
      'with a nested class that is not named',
      () => endpointWith({ request: Untyped }),
      'Subject.x',
      /property Untyped.nested with @ValidateNested and no @Type, .*: @Type\(\(\) => Class\)/,
    ],
    [
      'with one deep inside',
      () => endpointWith({ request: [Deep] }),
      'Subject.x',
      /payload property Untyped.nested with/,
    ],
    [
      'with one among subtypes',
      () => endpointWith({ request: Subtypes }),
      'Subject.x',
      /payload property Untyped.nested/,
    ],
    [
      'with a nested class without validators',
      () => endpointWith({ request: NestsBare }),
      'Subject.x',
      /NestsBare.nested .* but Bare has not a single validation decorator/,
    ],
    [
      'with a payload class that wants arguments',
      () => endpointWith({ request: Demanding }),
      'Subject.x',
      /payload class Demanding, whose constructor throws when it is called without arguments \((Cannot read|undefined is not) .*\)/,
    ],
    [
      'with a @Type whose function throws',
      () =>
        endpointWith({
          request: nesting(
            ValidateNested(),
            Type(() => fail('not yet')),
          ),
        }),
      'Subject.x',
      /property Payload.inner with a @Type whose function throws \(not yet\), .*: @Type\(\(\) => Class\)/,
    ],
    [
      'with a @Type whose function throws, and no nested validation',
      () =>
        endpointWith({
          request: nesting(
            IsOptional(),
            Type(() => fail('not yet')),
          ),
        }),
      'Subject.x',
      /property Payload.inner with a @Type whose function throws/,
    ],
    [
      'with a @Type that gives undefined',
      () =>
        endpointWith({
          request: nesting(
            ValidateNested(),
            Type(() => undefined as never),
          ),
        }),
      'Subject.x',
      /property Payload.inner with a @Type that names undefined .*; is a class used before its declaration/,
    ],
    [
      'with a @Type that gives an array',
      () =>
        endpointWith({
          request: [
            nesting(
              ValidateNested(),
              Type(() => [Validated] as never),
            ),
          ],
        }),
      'Subject.x',
      /@Type that names \[a function\] in the place of a class, .*; name the class alone, .* also for an array of them/,
    ],
    [
      'with an undefined subtype',
      () =>
        endpointWith({
          request: nesting(
            ValidateNested(),
            Type(() => Validated, {
              discriminator: { property: 'kind', subTypes: [{ name: 'a', value: undefined as never }] },
            }),
          ),
        }),
      'Subject.x',
      /property Payload.inner with a @Type that names undefined/,
    ],
    [
      'with a typed property whose class wants arguments, and no nested validation',
      () =>
        endpointWith({
          request: nesting(
            IsOptional(),
            Type(() => Demanding),
          ),
        }),
      'Subject.x',
      /payload class Demanding, whose constructor throws/,
    ],
    [
      'with an instance that is frozen',
      () => endpointWith({ request: Frozen }),
      'Subject.x',
      /property Frozen.name, which the constructor fixes, .*; leave out Object.freeze/,
    ],
    [
      'with a setter that calls itself',
      () => endpointWith({ request: Endless }),
      'Subject.x',
      /property Endless.name, whose setter fails for every value/,
    ],
    [
      'with a constraint that nobody declared',
      () => endpointWith({ request: nesting(Validate(class Unknown {})) }),
      'Subject.x',
      /property Payload.inner with @Validate\(Unknown\), .*; write @ValidatorConstraint\(\) above the class/,
    ],
    [
      'with one nested in a list',
      () => endpointWith({ request: NestsDemanding }),
      'Subject.x',
      /payload class Demanding, whose/,
    ],
    [
      'with a list of two',
      () => endpointWith({ request: [Validated, Validated] }),
      'Subject.x',
      /name exactly one class/,
    ],
    ['with a list of a bare class', () => endpointWith({ request: [Bare] }), 'Subject.x', /payload class Bare without/],
    ['with a bad prefix', () => OnMethod, 'OnMethod.x', /group prefix "a.>" may not contain ">"/],
    ['that mounts groups', () => MountsOnMethod, 'MountsOnMethod.x', /mounts groups in a @Group on a method/],
    ['that is static', () => Static, 'Static.x', /is static; .* remove "static"/],
    [
      'named by a symbol',
      () => Symbolic,
      'Symbolic.Symbol(x)',
      /named by a symbol; give the method a name that is a string/,
    ],
    ['decorated twice', () => Double, 'Double.x', /has @Endpoint more than once; write one method for each/],
    ['grouped twice', () => DoubleGroup, 'DoubleGroup.x', /has @Group more than once; join the prefixes/],
    [
      'that is none: @Use alone',
      () => OnlyUse,
      'OnlyUse.x',
      /has @Group, @Use or @Metadata but no @Endpoint; add @Endpoint/,
    ],
    ['that is not a method', () => NoMethod, 'NoMethod.x', /is not a method; decorate a method/],
    ['that is a getter', () => Getter, 'Getter.x', /is not a method; decorate a method/],
  ])('%s is refused', (_title, target, where, problem) => {
    const mistakes = mistakesIn(target());
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(problem);
    expect(mistakes[0]!.startsWith(`${where} `)).toBe(true);
  });

  @Service({ name: 'on-method', version: '1.0.0' })
  class OnMethod {
    @Group('a.>')
    @Endpoint()
    x(): void {}
  }

  @Service({ name: 'mounts', version: '1.0.0' })
  class MountsOnMethod {
    @Group('a', { groups: [] })
    @Endpoint()
    x(): void {}
  }

  @Service({ name: 'static', version: '1.0.0' })
  class Static {
    @Endpoint()
    fine(): void {}
    @Endpoint()
    static x(): void {}
  }

  const x = Symbol('x');
  @Service({ name: 'symbolic', version: '1.0.0' })
  class Symbolic {
    @Endpoint()
    fine(): void {}
    @(Endpoint() as MethodDecorator)
    [x](): void {}
  }

  @Service({ name: 'double', version: '1.0.0' })
  class Double {
    @Endpoint('a')
    @Endpoint('b')
    x(): void {}
  }

  @Service({ name: 'double', version: '1.0.0' })
  class DoubleGroup {
    @Group('a')
    @Group('b')
    @Endpoint()
    x(): void {}
  }

  @Service({ name: 'only-use', version: '1.0.0' })
  class OnlyUse {
    @Endpoint()
    fine(): void {}
    @Use((_ctx, next) => next())
    x(): void {}
  }

  @Service({ name: 'no-method', version: '1.0.0' })
  class NoMethod {
    @Endpoint()
    fine(): void {}
    @(Endpoint() as unknown as PropertyDecorator)
    x = () => 1;
  }

  @Service({ name: 'getter', version: '1.0.0' })
  class Getter {
    readonly #value = 1;
    @Endpoint()
    fine(): void {}
    @(Endpoint() as unknown as PropertyDecorator)
    get x(): number {
      return this.#value;
    }
  }

  it.each(['a', 'a.b.c', 'a.*', 'a.>', '{id}.get', 'a.{id}.{other}', 'größe.x', '*', '$JS.x'])(
    'with the subject %s is fine',
    (subject) => {
      expect(mistakesIn(endpointWith({ subject }))).toEqual([]);
    },
  );

  it('replaces named tokens by *, and knows their positions', () => {
    const [endpoint] = endpointsOf(endpointWith({ subject: 'orders.{id}.lines.{line}' }));
    expect(endpoint).toMatchObject({
      subject: 'orders.*.lines.*',
      params: [
        { name: 'id', index: 1 },
        { name: 'line', index: 3 },
      ],
      metadata: { subject_template: 'orders.{id}.lines.{line}' },
    });
  });

  it('is named after its method, and its subject after its name', () => {
    expect(endpointsOf(endpointWith({}))[0]).toMatchObject({ name: 'x', subject: 'x', metadata: {} });
    expect(endpointsOf(endpointWith('y'))[0]).toMatchObject({ name: 'y', subject: 'y', metadata: { method: 'x' } });
    expect(endpointsOf(endpointWith({ subject: 'z' }))[0]).toMatchObject({ name: 'x', subject: 'z', metadata: {} });
  });
});

describe('a group', () => {
  it.each<Row>([
    ['with > in its prefix', () => groupWith('a.>'), 'Subject', /prefix "a.>" may not contain ">"/],
    ['with a blank in its prefix', () => groupWith('a b'), 'Subject', /prefix "a b" holds white space/],
    ['with an empty token', () => groupWith('a..b'), 'Subject', /prefix "a..b" has an empty token/],
    ['with a bad queue group', () => groupWith('a', { queueGroup: '*' }), 'Subject', /queue group "\*"/],
    ['with an undefined group', () => groupWith('a', { groups: [undefined] }), 'Subject', /mounts undefined/],
    ['that names a token again', () => groupOfToken(), 'Inner.x', /\{id\} twice/],
    ['on an inbox', () => endpointWith({ subject: '_INBOX.>' }), 'Subject.x', /is one of inboxes, where replies go/],
    [
      'with metadata of other kinds',
      () => endpointWith({ metadata: { kind: 'event' } }),
      'Subject.x',
      /metadata "kind" is reserved/,
    ],
    ['that leads to discovery', () => groupWith('$SRV'), 'Subject.x', /reserved for discovery/],
  ])('%s is refused', (_title, target, where, problem) => {
    const mistakes = mistakesIn(target());
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(problem);
    expect(mistakes[0]!.startsWith(`${where} `)).toBe(true);
  });

  function groupOfToken(): Class {
    @Group('a.{id}')
    class Inner {
      @Endpoint({ subject: '{id}.x' })
      x(): void {}
    }
    @Service({ name: 'tokens', version: '1.0.0', groups: [Inner] })
    class Outer {}
    return Outer;
  }

  it('that mounts itself, directly or over others, is refused', () => {
    const inA: Class[] = [];
    const inB: Class[] = [];
    @Group('a', { groups: inA })
    class A {
      @Endpoint()
      x(): void {}
    }
    @Group('b', { groups: inB })
    class B {}
    inA.push(B);
    inB.push(A, B);
    @Service({ name: 'cycle', version: '1.0.0', groups: [A] })
    class Cycle {}
    expect(mistakesIn(Cycle)).toEqual([
      expect.stringMatching(/^B mounts A, which mounts it in turn; remove one/),
      expect.stringMatching(/^B mounts B/),
    ]);
  });

  it('prefixes its endpoints, groups in groups from the outside in, and @Group on a method adds a segment', () => {
    @Group('inner')
    class Inner {
      @Endpoint()
      x(): void {}
    }
    @Group('outer', { groups: [Inner] })
    class Outer {
      @Group('deep')
      @Endpoint()
      x(): void {}
    }
    @Service({ name: 'groups', version: '1.0.0', groups: [Outer] })
    @Group('own', { groups: [Inner] })
    class Groups {
      @Endpoint()
      x(): void {}
      @Group('more.tokens')
      @Endpoint('y')
      anything(): void {}
    }
    expect(subjectsOf(Groups)).toEqual(['own.x', 'own.more.tokens.y', 'own.inner.x', 'outer.deep.x', 'outer.inner.x']);
  });

  it('with an empty prefix adds nothing', () => {
    @Group('')
    class Nothing {
      @Endpoint()
      x(): void {}
    }
    @Group('g1', { groups: [Nothing] })
    class G1 {}
    @Service({ name: 'empty', version: '1.0.0', groups: [G1] })
    @Group('')
    class Empty {}
    expect(subjectsOf(Empty)).toEqual(['g1.x']);
  });

  it('can be mounted twice, below different prefixes; its endpoints are those of one instance', () => {
    @Group('shared')
    class Shared {
      @Endpoint()
      x(): void {}
    }
    @Group('a', { groups: [Shared] })
    class A {}
    @Group('b', { groups: [Shared] })
    class B {}
    @Service({ name: 'shared', version: '1.0.0', groups: [A, B] })
    class Both {}
    const [both] = plan(Both);
    expect(both!.handlers.map((handler) => handler.plan.subject)).toEqual(['a.shared.x', 'b.shared.x']);
    expect(both!.classes.filter((target) => target === Shared)).toHaveLength(1);
  });

  it('mounted twice below the same prefix is refused', () => {
    @Group('shared')
    class Shared {
      @Endpoint()
      x(): void {}
    }
    @Service({ name: 'shared', version: '1.0.0', groups: [Shared, Shared] })
    class Both {}
    expect(mistakesIn(Both)).toEqual([expect.stringMatching(/^Shared.x has the subject "shared.x" of Shared.x too/)]);
  });

  it('reports a bad prefix once, however many endpoints it has', () => {
    @Service({ name: 'many', version: '1.0.0' })
    @Group('a..b')
    class Many {
      @Endpoint()
      x(): void {}
      @Endpoint()
      y(): void {}
    }
    expect(mistakesIn(Many)).toHaveLength(1);
  });
});

describe('a payload', () => {
  it('with an initializer needs an explicit type, where the compiler emits none', () => {
    @Service({ name: 'x', version: '1.0.0' })
    class Untold {
      @Endpoint()
      untold(limit = 10): number {
        return limit;
      }
      @Endpoint()
      told(limit: number = 10): number {
        return limit;
      }
    }
    expect(mistakesIn(Untold)).toEqual([expect.stringMatching(/^Untold.untold has a payload .*(no type|unknown)/)]);
  });

  it('whose nested class is made by @Transform needs no @Type', () => {
    expect(mistakesIn(endpointWith({ request: Transforming }))).toEqual([]);
  });

  it('whose setter is picky, whose type depends on the payload, or which has getters alone, is taken', () => {
    expect(mistakesIn(endpointWith({ request: Picky }))).toEqual([]);
  });

  @Service({ name: 'payloads', version: '1.0.0' })
  class Unknowable {
    @Endpoint()
    any(_: any): void {} // eslint-disable-line @typescript-eslint/no-explicit-any
    @Endpoint()
    anInterface(_: Shape): void {}
    @Endpoint()
    literal(_: { a: number }): void {}
    @Endpoint()
    unknown(_: unknown): void {}
    @Endpoint()
    union(_: Validated | string): void {}
    @Endpoint()
    record(_: Record<string, string>): void {}
  }

  it('that cannot be checked at run time is refused: interface, literal, union, any, unknown', () => {
    const problem = /has a payload that cannot be checked at run time: .*; declare it as a class .*"unchecked" \}\)$/;
    expect(mistakesIn(Unknowable)).toEqual(
      ['any', 'anInterface', 'literal', 'unknown', 'union', 'record'].map(
        (method) => expect.stringMatching(new RegExp(`^Unknowable\\.${method} ${problem.source}`)) as string,
      ),
    );
  });

  it('that is a list is refused, for metadata does not name the items', () => {
    @Service({ name: 'lists', version: '1.0.0' })
    class Lists {
      @Endpoint()
      x(_: Validated[]): void {}
    }
    expect(mistakesIn(Lists)).toEqual([
      expect.stringMatching(/^Lists.x has an array .* @Endpoint\(\{ request: \[Class\]/),
    ]);
  });

  it('whose class has no validators is refused', () => {
    @Service({ name: 'bare', version: '1.0.0' })
    class OfBare {
      @Endpoint()
      x(_: Bare): void {}
      @Endpoint()
      y(_: Date): void {}
    }
    expect(mistakesIn(OfBare)).toEqual([
      expect.stringMatching(
        /^OfBare.x has the payload class Bare without a single validation decorator, .*"unchecked"/,
      ),
      expect.stringMatching(/^OfBare.y has the payload class Date without/),
    ]);
  });

  it('whose compiler wrote no metadata is refused, where there is a payload', () => {
    class Handmade {
      none(): void {}
      some(_: unknown): void {}
      told(_: unknown): void {}
    }
    // As esbuild and tsx leave it: decorators are run, but nothing is said of types.
    decorate(Endpoint(), Handmade, 'none');
    decorate(Endpoint(), Handmade, 'some');
    decorate(Endpoint({ request: 'unchecked' }), Handmade, 'told');
    Service({ name: 'handmade', version: '1.0.0' })(Handmade);
    expect(mistakesIn(Handmade)).toEqual([
      expect.stringMatching(
        /^Handmade.some .* no decorator metadata \(esbuild and tsx do not\): compile with tsc or swc/,
      ),
    ]);
  });

  it('that the codec cannot produce is refused', () => {
    @Service({ name: 'codecs', version: '1.0.0' })
    class Codecs {
      @Endpoint({ codec: 'text' })
      text(_: Validated): void {}
      @Endpoint({ codec: 'bytes' })
      bytes(_: string): void {}
      @Endpoint({ codec: 'text' })
      fine(_: string): void {}
      @Endpoint({ codec: 'bytes' })
      raw(_: Uint8Array): void {}
    }
    expect(mistakesIn(Codecs)).toEqual([
      expect.stringMatching(/^Codecs.text codec "text" gives no value for its payload; .* as string$/),
      expect.stringMatching(/^Codecs.bytes codec "bytes" gives no value for its payload; .* as Uint8Array$/),
    ]);
  });

  it('is what the parameter or "request" says', () => {
    @Service({ name: 'fine', version: '1.0.0' })
    class Fine {
      @Endpoint()
      none(): void {}
      @Endpoint()
      aClass(_: Validated, _ctx: RequestContext): void {}
      @Endpoint()
      aNumber(_: number): void {}
      @Endpoint()
      bytes(_: Uint8Array): void {}
      @Endpoint()
      buffer(_: Buffer): void {}
      @Endpoint({ request: [Validated] })
      list(_: Validated[]): void {}
      @Endpoint({ request: 'unchecked' })
      unchecked(_: Shape): void {}
      @Endpoint({ request: Validated })
      told(_: Shape): void {}
    }
    expect(endpointsOf(Fine).map(({ payload }) => payload)).toEqual([
      { kind: 'none' },
      { kind: 'class', class: Validated, array: false },
      { kind: 'primitive', type: 'number' },
      { kind: 'bytes' },
      { kind: 'bytes' },
      { kind: 'class', class: Validated, array: true },
      { kind: 'unchecked' },
      { kind: 'class', class: Validated, array: false },
    ]);
  });
});

describe('endpoints that overlap', () => {
  it.each([
    [
      'the same subject',
      'a.b',
      'a.b',
      'q',
      'q',
      /has the subject "a.b" of Overlap.x too, in the same queue group "q"; each would/,
    ],
    ['a wildcard', 'a.*', 'a.b', 'q', 'q', /"a.b" overlaps "a.\*" of Overlap.x in the queue group "q"/],
    ['a wildcard behind', 'a.b', 'a.>', 'q', 'q', /"a.>" overlaps "a.b"/],
    ['two wildcards', 'a.*.c', 'a.b.*', 'q', 'q', /overlaps/],
    ['named tokens', 'a.{id}', 'a.{name}', 'q', 'q', /has the subject "a.\*"/],
  ])('in one service: %s', (_title, one, two, group, otherGroup, problem) => {
    @Service({ name: 'overlap', version: '1.0.0' })
    class Overlap {
      @Endpoint({ subject: one, queueGroup: group })
      x(): void {}
      @Endpoint({ subject: two, queueGroup: otherGroup })
      y(): void {}
    }
    expect(mistakesIn(Overlap)).toEqual([expect.stringMatching(new RegExp(`^Overlap.y .*${problem.source}`))]);
  });

  it.each([
    ['one subject in two queue groups', 'a.b', 'a.b', 'q', 'r'],
    ['one subject, once in none', 'a.b', 'a.b', 'q', false],
    ['one subject, in no queue group', 'a.b', 'a.b', false, false],
    ['other queue groups', 'a.*', 'a.b', 'q', 'r'],
    ['no queue group', 'a.*', 'a.b', 'q', false],
    ['subjects that do not meet', 'a.*', 'a.b.c', 'q', 'q'],
    ['> and what is above it', 'a', 'a.>', 'q', 'q'],
  ] as const)('in one service are fine with %s', (_title, one, two, group, otherGroup) => {
    @Service({ name: 'fine', version: '1.0.0' })
    class Fine {
      @Endpoint({ subject: one, queueGroup: group })
      x(): void {}
      @Endpoint({ subject: two, queueGroup: otherGroup })
      y(): void {}
    }
    expect(mistakesIn(Fine)).toEqual([]);
  });

  function two(one: object, other: object): [Class, Class] {
    @Service({ name: 'one', version: '1.0.0', ...one })
    class One {
      @Endpoint({ subject: 'evt.>' })
      all(): void {}
    }
    @Service({ name: 'other', version: '1.0.0', ...other })
    class Other {
      @Endpoint({ subject: 'evt.created' })
      created(): void {}
    }
    return [One, Other];
  }

  it('of two services in one queue group are refused: each would lose messages', () => {
    expect(mistakesIn(...two({}, {}))).toEqual([
      expect.stringMatching(
        /^Other.created subject "evt.created" overlaps "evt.>" of One.all in the queue group "q"; each/,
      ),
    ]);
  });

  it('of two services in queue groups of their own, or none, are fine', () => {
    expect(mistakesIn(...two({ queueGroup: 'one' }, {}))).toEqual([]);
    expect(mistakesIn(...two({ queueGroup: false }, {}))).toEqual([]);
    expect(mistakesIn(...two({ queueGroup: false }, { queueGroup: false }))).toEqual([]);
  });

  it('of two versions of one service are fine: they share the work', () => {
    expect(mistakesIn(...two({ name: 'same' }, { name: 'same', version: '2.0.0' }))).toEqual([]);
  });
});

describe('inheritance', () => {
  abstract class Parent {
    @Endpoint({ metadata: { from: 'parent' } })
    kept(_: Validated): string {
      return 'parent';
    }

    @Endpoint('named')
    overridden(_: Validated): string {
      return 'parent';
    }

    @Group('deep')
    @Endpoint({ subject: 'old' })
    redecorated(_: Validated): string {
      return 'parent';
    }
  }

  @Service({ name: 'child', version: '1.0.0' })
  @Group('child')
  class Child extends Parent {
    override overridden(_: Validated): string {
      return 'child';
    }

    @Endpoint({ subject: 'new' })
    override redecorated(_: Validated): string {
      return 'child';
    }

    @Endpoint()
    own(): void {}
  }

  it('a service inherits the endpoints of an abstract parent, and may override them with or without @Endpoint', () => {
    expect(endpointsOf(Child).map(({ name, subject }) => [name, subject])).toEqual([
      ['kept', 'child.kept'],
      ['named', 'child.named'],
      ['redecorated', 'child.deep.new'],
      ['own', 'child.own'],
    ]);
    for (const endpoint of endpointsOf(Child).slice(0, 3))
      expect(endpoint.payload).toEqual({ kind: 'class', class: Validated, array: false });
  });

  it('of a service: a child without @Service is one as its parent is; with it, it is its own', () => {
    class Same extends Child {}
    @Service({ name: 'grandchild', version: '2.0.0' })
    @Group('grand')
    class Grandchild extends Child {}
    expect(plan(Same)[0]).toMatchObject({ name: 'child', version: '1.0.0', class: Same });
    expect(subjectsOf(Same)).toContain('child.kept');
    expect(plan(Grandchild)[0]).toMatchObject({ name: 'grandchild', version: '2.0.0' });
    expect(subjectsOf(Grandchild)).toContain('grand.kept');
  });

  it('leaves the parent as it was', () => {
    @Service({ name: 'base', version: '1.0.0' })
    class Base {
      @Endpoint()
      x(): void {}
    }
    @Service({ name: 'derived', version: '1.0.0' })
    class Derived extends Base {
      @Endpoint()
      y(): void {}
      @Endpoint({ subject: 'z' })
      override x(): void {}
    }
    expect(subjectsOf(Derived)).toEqual(['z', 'y']);
    expect(subjectsOf(Base)).toEqual(['x']);
  });

  it('keeps the middleware of the parent outside that of the child', () => {
    const layer = (name: string) => Object.defineProperty(() => undefined, 'name', { value: name });
    @Use(layer('parent class'))
    class Base {
      @Use(layer('parent method'))
      @Endpoint()
      x(): void {}
    }
    @Service({ name: 'derived', version: '1.0.0' })
    @Use(layer('child class 1'), layer('child class 2'))
    @Use(layer('child class 3'))
    class Derived extends Base {
      @Use(layer('child method'))
      override x(): void {}
    }
    expect(endpointsOf(Derived)[0]!.use.map(({ name }) => name)).toEqual([
      'parent class',
      'child class 1',
      'child class 2',
      'child class 3',
      'parent method',
      'child method',
    ]);
  });

  it('works for groups, too', () => {
    class Common {
      @Endpoint()
      x(): void {}
    }
    @Group('a')
    class A extends Common {}
    @Group('b')
    class B extends Common {}
    @Service({ name: 'groups', version: '1.0.0', groups: [A, B] })
    class Groups {}
    expect(subjectsOf(Groups)).toEqual(['a.x', 'b.x']);
  });
});

describe('DefinitionError', () => {
  @Group('a.>')
  class BadGroup {
    @Endpoint('b c')
    z(): void {}
  }

  @Service({ name: 'my calc', version: '1.0', queueGroup: '*', metadata: { _nats: '1' }, groups: [BadGroup] })
  class Bad {
    constructor(readonly wanted: Bare) {}
    @Endpoint()
    x(_: Shape): void {}
    @Endpoint({ timeout: 0 })
    y(): void {}
  }

  @Service({ name: 'other', version: '1.0.0' })
  class Other {
    @Endpoint({ subject: 'y', queueGroup: 'q' })
    y(): void {}
    @Endpoint()
    static z(): void {}
  }

  const all = ['Bad', 'Bad', 'Bad', 'Bad', 'Bad', 'Bad.x', 'Bad.y', 'BadGroup', 'BadGroup.z', 'Other.z'];

  it('lists every mistake of every class at once, in its message and one by one', async () => {
    const error: unknown = await NatsServiceFactory.create([Bad, Other], {
      connection: { servers: 'nats://127.0.0.1:1' },
    }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DefinitionError);
    const { mistakes, message, name } = error as DefinitionError;
    expect(name).toBe('DefinitionError');
    expect(mistakes.map(({ where }) => where).sort()).toEqual([...all].sort());
    expect(message.split('\n')[0]).toBe(`${all.length} mistakes:`);
    for (const { where, problem } of mistakes) expect(message).toContain(`\n  - ${where} ${problem}`);
  });

  it('with one mistake is that mistake', () => {
    expect(() => plan(endpointWith('a b'))).toThrow(/^Subject.x endpoint name "a b" may hold only/);
  });

  it('does not ask for constructors without arguments where a container makes the instances', async () => {
    @Service({ name: 'wanting', version: '1.0.0' })
    class Wanting {
      constructor(readonly wanted: Bare) {}
      @Endpoint()
      x(): void {}
    }
    const container: Container = {
      get: () => {
        throw new Error('asked before there is a connection');
      },
    };
    const connection = { servers: 'nats://127.0.0.1:1', timeout: 500 };
    await expect(NatsServiceFactory.create(Wanting, { connection, container, logger: false })).rejects.toThrow(
      'no connection to NATS at nats://127.0.0.1:1',
    );
  });
});

it('two copies of the package in one process read the same decorators', () => {
  @Service({ name: 'copies', version: '1.0.0' })
  class Copies {
    @Endpoint()
    x(_: Validated): void {}
  }
  jest.isolateModules(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const copy = require('../src/plan/services') as { planServices: typeof planServices };
    expect(copy.planServices).not.toBe(planServices);
    const [planned] = copy.planServices([Copies], planning);
    expect(planned?.handlers[0]?.plan).toMatchObject({ name: 'x', payload: { kind: 'class', class: Validated } });
  });
});

it('a thousand endpoints are planned', () => {
  class Many {}
  for (let i = 0; i < 1000; i++) {
    Object.defineProperty(Many.prototype, `m${i}`, { value: () => i });
    decorate(Endpoint({ subject: i % 100 === 0 ? `p${i}.*` : `s.${i}` }), Many, `m${i}`);
  }
  Service({ name: 'many', version: '1.0.0' })(Many);
  expect(endpointsOf(Many)).toHaveLength(1000);
});

it('a plan is frozen, and copies what it was given', () => {
  const metadata = { a: '1' };
  const [service] = plan(serviceWith({ metadata }));
  expect(Object.isFrozen(service)).toBe(true);
  expect(Object.isFrozen(service!.handlers[0]?.plan)).toBe(true);
  metadata.a = '2';
  expect(service!.metadata).toEqual({ a: '1' });
});

function decorate(decorator: unknown, target: Class, method: string): void {
  const prototype = target.prototype as object;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  (decorator as (target: object, method: string, descriptor: PropertyDescriptor | undefined) => void)(
    prototype,
    method,
    descriptor,
  );
}
