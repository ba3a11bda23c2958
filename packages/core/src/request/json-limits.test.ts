import * as fc from 'fast-check';
import { isTooDeep, MAX_ARRAY_ITEMS, MAX_JSON_DEPTH, MAX_VALUES, sizeProblem } from './json-limits';

const nested = (depth: number): unknown =>
  depth === 0 ? 1 : depth % 2 === 0 ? [nested(depth - 1)] : { a: nested(depth - 1) };

function depth(value: unknown): number {
  return typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
}

describe('isTooDeep', () => {
  it('counts arrays and objects alike', () => {
    expect(isTooDeep(Buffer.from(JSON.stringify(nested(MAX_JSON_DEPTH))))).toBe(false);
    expect(isTooDeep(Buffer.from(JSON.stringify(nested(MAX_JSON_DEPTH + 1))))).toBe(true);
  });

  it('agrees with the parsed value, whatever its strings hold', () => {
    const text = fc.constantFrom('[', ']', '{', '}', '"', '\\', '\\"', 'ö', '[[[[[[', '"]}');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'max' },
        text,
        fc.integer(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(text, tie('value'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 5 }), (json, limit) => {
        expect(isTooDeep(Buffer.from(JSON.stringify(json)), limit)).toBe(depth(json) > limit);
      }),
      { numRuns: 500 },
    );
  });

  it('does not count brackets of a string that never ends', () => {
    expect(isTooDeep(Buffer.from(`"${'['.repeat(1000)}`))).toBe(false);
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
