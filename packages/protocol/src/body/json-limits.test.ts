import * as fc from 'fast-check';
import { effortProblem, jsonProblem, MAX_ARRAY_ITEMS, MAX_JSON_DEPTH, MAX_VALUES, sizeProblem } from './json-limits';

const nested = (depth: number): unknown =>
  depth === 0 ? 1 : depth % 2 === 0 ? [nested(depth - 1)] : { a: nested(depth - 1) };

function depth(value: unknown): number {
  return typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
}

function count(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, inner) => sum + 1 + count(inner), 0);
}

/** Longer than what is looked at byte by byte, with escapes at their ends. */
const LONG_STRINGS = ['a', '[', '"', '\\', ','].flatMap((end) => [
  `${'x'.repeat(61)}${end}`,
  `${end.repeat(130)}x`,
  `${'x'.repeat(100)}${end.repeat(3)}`,
]);

describe('jsonProblem', () => {
  const problemOf = (json: unknown, ...limits: number[]) =>
    jsonProblem(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)), ...limits);
  const tooMany = 'body holds more than 100000 values';

  it('counts the levels of arrays and objects alike', () => {
    expect(problemOf(nested(MAX_JSON_DEPTH))).toBeUndefined();
    expect(problemOf(nested(MAX_JSON_DEPTH + 1))).toBe('body nests deeper than 100 levels');
  });

  it('counts items and properties, empty arrays and objects for one each', () => {
    const numbers = Array.from({ length: MAX_VALUES }, (_, i) => i);
    expect(problemOf(numbers)).toBeUndefined();
    expect(problemOf([...numbers, 1])).toBe(tooMany);
    expect(problemOf(numbers.map(() => ({})))).toBeUndefined();
    expect(problemOf([...numbers, 1].map(() => []))).toBe(tooMany);
    expect(problemOf(Object.fromEntries([...numbers, -1].map((n) => [`k${n}`, '{,'])))).toBe(tooMany);
  });

  it('agrees with the parsed value, whatever its strings hold and wherever there is white space', () => {
    const text = fc.constantFrom('[', ']', '{', '}', '"', '\\', '\\"', 'ö', ',', '[[[[[[', '"]}', ...LONG_STRINGS);
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'max' },
        text,
        fc.integer(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(text, tie('value'), { maxKeys: 3 }),
      ),
    }));
    const limit = fc.integer({ min: 0, max: 5 });
    fc.assert(
      fc.property(value, limit, fc.constantFrom('', ' ', '\n\t'), (json, most, space) => {
        const body = JSON.stringify(json, null, space).replaceAll('[]', `[${space}]`).replaceAll('{}', `{${space}}`);
        expect(problemOf(body, most, Infinity) !== undefined).toBe(depth(json) > most);
        expect(problemOf(body, Infinity, most) !== undefined).toBe(count(json) > most);
      }),
      { numRuns: 1000 },
    );
  });

  it('counts nothing in a string that never ends', () => {
    expect(problemOf(`"${'[,'.repeat(200_000)}`)).toBeUndefined();
    expect(problemOf(`"${'\\"'.repeat(200_000)}`)).toBeUndefined();
  });
});

describe('sizeProblem', () => {
  const many = (count: number): unknown[] => Array.from({ length: count }, () => 0);

  it('lets the limits themselves through', () => {
    expect(sizeProblem(many(MAX_ARRAY_ITEMS))).toBeUndefined();
    expect(sizeProblem({ a: many(MAX_ARRAY_ITEMS), b: many(MAX_ARRAY_ITEMS) })).toBeUndefined();
    expect(sizeProblem(nested(MAX_JSON_DEPTH))).toBeUndefined();
    for (const value of [null, undefined, 'text', 1, true, {}, []]) expect(sizeProblem(value)).toBeUndefined();
  });

  it('names what is beyond them', () => {
    expect(sizeProblem({ deep: [{ in: many(MAX_ARRAY_ITEMS + 1) }] })).toContain('an array of more than 10000 items');
    const wide = Object.fromEntries(many(MAX_ARRAY_ITEMS + 1).map((_, index) => [`k${index}`, 0]));
    expect(sizeProblem([wide])).toContain('an object of more than 10000 properties');
    const rows = Array.from({ length: MAX_VALUES / MAX_ARRAY_ITEMS + 1 }, () => many(MAX_ARRAY_ITEMS));
    expect(sizeProblem(rows)).toContain('more than 100000 values');
    expect(sizeProblem(nested(MAX_JSON_DEPTH + 1))).toContain('deeper than 100 levels');
  });
});

describe('effortProblem', () => {
  const problemOf = (value: unknown) => effortProblem(value, JSON.stringify(value).length);
  const many = (count: number, value: unknown): unknown[] => Array.from({ length: count }, () => value);
  const tooMuch =
    'body holds more than 15000 values that have to be validated one by one; an array or object counts as 3';

  it('counts a value as 1, and an array or object as 3', () => {
    expect(problemOf(many(14_997, 0))).toBeUndefined();
    expect(problemOf(many(14_998, 0))).toBe(tooMuch);
    expect(problemOf(many(4_999, {}))).toBeUndefined();
    expect(problemOf(many(5_000, []))).toBe(tooMuch);
    expect(problemOf({ rows: many(3_748, { a: 1 }) })).toBeUndefined();
    expect(problemOf({ rows: many(3_748, { a: 1, b: null }) })).toBe(tooMuch);
    for (const value of [null, 'text', 1, true, {}, []]) expect(problemOf(value)).toBeUndefined();
  });
});
