import type { ServiceError } from '@natsmith/protocol';
import { Type } from 'class-transformer';
import {
  IsString,
  Validate,
  ValidateBy,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorOptions,
} from 'class-validator';
import * as fc from 'fast-check';
import { inspect } from 'node:util';
import {
  asked,
  classes,
  decoratedNames,
  makeClass,
  mustBeCompiled,
  mustBeDecided,
  mustBeLeft,
  odd,
  payloads,
  type ClassSpec,
} from '../../../test/compiled/compiled-class.classes';
import {
  compiledReader,
  copy,
  forgetting,
  isSame,
  libraries,
  type Target,
  type Verdict,
} from '../../../test/compiled/compiled-class.oracle';
import { type Case, CASES, EXPORTED } from '../../../test/compiled/compiled-class.decorators';
import { compileClass } from './compile';
import { validatorFor } from '../validator';

const RUNS = Number(process.env.FUZZ_RUNS ?? 200);
const TIMEOUT = 60_000 + RUNS * 100;

/** A class with one property. */
function classWith(decorators: readonly PropertyDecorator[]): Target {
  class One {
    declare value: unknown;
  }
  for (const decorate of decorators) decorate(One.prototype, 'value');
  return One;
}

/** Lists and nested objects that the compiler leaves to the libraries: it knows no type for what they hold. */
function isShallow(value: unknown): boolean {
  return !(Array.isArray(value) ? value : [value]).some((item) => typeof item === 'object' && item !== null);
}

describe('every decorator of class-validator', () => {
  it('has a case here', () => {
    expect(Object.keys(CASES).sort()).toEqual([...EXPORTED].sort());
  });

  describe.each(Object.entries(CASES))('@%s', (_name, { decorate, valid, invalid, ignoresEach, left }: Case) => {
    const one = classWith(decorate());
    const each = classWith(decorate({ each: true }));

    it('takes and refuses what the case says, and is compiled', async () => {
      const kind = async (target: Target, value: unknown) => [value, (await libraries(target, { value })).kind];
      for (const value of valid) expect(await kind(one, value)).toEqual([value, 'valid']);
      for (const value of invalid) expect(await kind(one, value)).not.toEqual([value, 'valid']);
      if (!ignoresEach) {
        expect(await kind(each, valid)).toEqual([valid, 'valid']);
        for (const value of invalid) expect(await kind(each, [value])).not.toEqual([[value], 'valid']);
      }
      for (const target of [one, each]) expect(compiledReader(target) === undefined).toBe(left !== undefined);
    });

    it(
      'gives, compiled, what the libraries give',
      async () => {
        const readers = [one, each].map((target) => ({ target, read: compiledReader(target) ?? (() => undefined) }));
        const someOf = (values: readonly unknown[]) => (values.length > 0 ? fc.constantFrom(...values) : odd);
        const value = fc.oneof(
          { weight: 3, arbitrary: someOf(valid) },
          { weight: 1, arbitrary: someOf(invalid) },
          { weight: 1, arbitrary: odd },
        );
        const payload = fc.oneof(
          fc.record({ value: fc.oneof(value, fc.array(value, { maxLength: 3 })) }, { requiredKeys: [] }),
          fc.record({ value, unknown: fc.jsonValue({ maxDepth: 1 }) }),
        );
        await fc.assert(
          fc.asyncProperty(payload, async (generated) => {
            const plain = copy(generated);
            for (const { target, read } of readers) {
              const expected = await libraries(target, plain);
              let built: unknown;
              try {
                built = read(plain);
              } catch (cause) {
                if (expected.kind !== 'throws') throw cause;
              }
              if (built !== undefined) {
                expect(expected.kind).toBe('valid');
                expect(expected.kind === 'valid' && isSame(built, expected.instance)).toBe(true);
              } else if (left === undefined && expected.kind === 'valid') expect(isShallow(plain.value)).toBe(false);
            }
          }),
          { numRuns: RUNS / 10 },
        );
      },
      TIMEOUT,
    );
  });
});

const specs = classes(2).chain((spec) =>
  fc.record({ spec: fc.constant(spec), plains: fc.array(payloads(spec), { minLength: 4, maxLength: 8 }) }),
);

/**
 * What the libraries say, and what they ask custom validators. class-transformer looks into properties that nobody asked
 * for, and trips there over values named "constructor"; what is compiled does not look.
 */
async function consult(target: Target, spec: ClassSpec, plain: Record<string, unknown>, path = '') {
  asked.length = 0;
  let verdict = await libraries(target, plain, path);
  const trips = verdict.kind === 'throws' && verdict.by === 'transformer';
  if (trips) {
    const names = decoratedNames(spec);
    const known = await libraries(
      target,
      Object.fromEntries(Object.entries(copy(plain)).filter(([name]) => names.has(name))),
    );
    if (known.kind === 'valid') verdict = known;
  }
  return { verdict, trips, questions: new Set(asked.splice(0)) };
}

const show = (...what: unknown[]) => inspect(what, { depth: 12 });

describe('classes of every kind', () => {
  it(
    `${RUNS} classes: what is compiled gives what the libraries give`,
    async () => {
      const seen = { left: 0, compiled: 0, decided: 0, valid: 0, invalid: 0, throws: 0 };
      await fc.assert(
        fc.asyncProperty(specs, ({ spec, plains }) =>
          forgetting(async () => {
            const target = makeClass(spec);
            const read = compiledReader(target);
            if (mustBeLeft(spec)) expect(read).toBeUndefined();
            if (mustBeCompiled(spec)) expect(read).toBeDefined();
            if (read === undefined) {
              seen.left++;
              return;
            }
            seen.compiled++;
            for (const generated of plains) {
              const plain = copy(generated);
              const { verdict, questions } = await consult(target, spec, plain);
              seen[verdict.kind]++;
              let built: unknown;
              try {
                built = read(plain);
              } catch (cause) {
                if (verdict.kind !== 'throws') throw cause;
              }
              expect(isSame(plain, copy(generated))).toBe(true);
              expect(asked.filter((question) => !questions.has(question))).toEqual([]);
              if (built !== undefined) {
                seen.decided++;
                if (verdict.kind !== 'valid' || !isSame(built, verdict.instance))
                  throw new Error(`compiled and libraries differ: ${show(plain, built, verdict)}`);
              } else if (verdict.kind === 'valid' && mustBeDecided(spec, plain))
                throw new Error(`compiled leaves the decision: ${show(plain, verdict)}`);
            }
          }),
        ),
        { numRuns: RUNS },
      );
      // All outcomes are common, or the suite would prove little.
      for (const [outcome, times] of Object.entries(seen))
        expect([outcome, times > RUNS / 20]).toEqual([outcome, true]);
    },
    TIMEOUT,
  );

  it(
    `${RUNS} classes: an endpoint's validator says what the libraries say`,
    async () => {
      await fc.assert(
        fc.asyncProperty(specs, fc.boolean(), ({ spec, plains }, array) =>
          forgetting(async () => {
            const target = makeClass(spec);
            const validate = validatorFor({ kind: 'class', class: target, array })!;
            for (const generated of array ? [plains, plains.slice(0, 1)] : plains) {
              const plain = copy(generated);
              const items = (array ? plain : [plain]) as Record<string, unknown>[];
              const verdicts: Verdict[] = [];
              let mayTrip = false;
              for (const [i, item] of items.entries()) {
                const { verdict, trips } = await consult(target, spec, item, array ? `[${i}]` : '');
                verdicts.push(verdict);
                mayTrip ||= trips;
              }
              let given: unknown;
              let thrown: unknown;
              try {
                given = await validate(plain, 1_000);
              } catch (cause) {
                thrown = cause;
              }
              const context = show(plain, verdicts, given, thrown);
              const failure = verdicts.find((verdict) => verdict.kind === 'throws');
              if (mayTrip && thrown !== undefined) {
                expect([context, (thrown as ServiceError).code]).toEqual([context, 400]);
                continue;
              }
              if (failure !== undefined) {
                if (failure.by === 'promise')
                  expect([context, (thrown as Error).message]).toEqual([context, 'rejects']);
                else expect([context, (thrown as ServiceError).code]).toEqual([context, 400]);
                continue;
              }
              const violations = verdicts.flatMap((verdict) => (verdict.kind === 'invalid' ? verdict.violations : []));
              if (violations.length > 0) {
                expect([context, (thrown as ServiceError).code]).toEqual([context, 400]);
                expect((thrown as ServiceError).data).toEqual(violations.slice(0, 100));
              } else {
                const instances = verdicts.map((verdict) => (verdict.kind === 'valid' ? verdict.instance : undefined));
                expect([context, thrown]).toEqual([context, undefined]);
                expect([context, isSame(given, array ? instances : instances[0])]).toEqual([context, true]);
              }
            }
          }),
        ),
        { numRuns: RUNS },
      );
    },
    TIMEOUT,
  );
});

describe('a class that the compiler takes, with', () => {
  class Sample {
    declare text: unknown;
  }
  IsString()(Sample.prototype, 'text');

  it.each<[string, ValidatorOptions, boolean]>([
    ['no options', {}, true],
    ['options about messages', { stopAtFirstError: true, validationError: { target: false } }, true],
    ['the defaults, as options', { whitelist: true, forbidUnknownValues: true, groups: undefined }, true],
    ['whitelist undefined', { whitelist: undefined }, false],
    ['whitelist off', { whitelist: false }, false],
    ['groups', { groups: ['a'] }, false],
    ['skipped properties', { skipMissingProperties: true }, false],
    ['unknown properties forbidden', { forbidNonWhitelisted: true }, false],
  ])('%s', (_name, options, isCompiled) => {
    expect(compileClass(Sample, false, options) !== undefined).toBe(isCompiled);
  });

  it('a validator that turns out to be asynchronous is asked by the libraries alone from then on', async () => {
    let times = 0;
    class Slow {
      declare text: unknown;
    }
    const validate = () => {
      times++;
      return Promise.reject(new Error('gone'));
    };
    ValidateBy({ name: 'slow', validator: { validate } })(Slow.prototype, 'text');
    const read = validatorFor({ kind: 'class', class: Slow, array: false })!;
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    for (const expected of [2, 3, 4]) {
      await expect(read({ text: 'a' }, 10)).rejects.toThrow('gone');
      expect(times).toBe(expected);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('a type or a constraint that cannot be had yet does not keep the service from starting', () => {
    class Early {
      declare text: unknown;
    }
    ValidateNested()(Early.prototype, 'text');
    Type(() => {
      throw new ReferenceError('Later is not defined');
    })(Early.prototype, 'text');
    class Constraint {
      constructor() {
        throw new Error('no database');
      }
    }
    ValidatorConstraint()(Constraint);
    class Dependent {
      declare text: unknown;
    }
    Validate(Constraint)(Dependent.prototype, 'text');
    for (const target of [Early, Dependent]) expect(compileClass(target, false, {})).toBeUndefined();
  });
});
