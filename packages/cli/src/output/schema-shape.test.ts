import { shapeOf } from './schema-shape';

describe('the shape of a schema', () => {
  it.each([
    [{ type: 'object', properties: { a: { type: 'number' } }, required: ['a'] }, '{ a: number }'],
    [{ type: 'string', anyOf: [{ maxLength: 10 }, { pattern: '^.{1,10}$' }] }, 'string'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string | null'],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, '("a" | "b")[]'],
    [{ type: 'array', items: { type: ['number', 'null'] } }, '(number | null)[]'],
    [{ type: 'array' }, 'any[]'],
    [
      {
        type: 'array',
        items: { anyOf: [{ $ref: '#/$defs/Line' }, { type: 'array' }] },
        $defs: { Line: { type: 'object', properties: { article: { type: 'string' } } } },
      },
      '{ article?: string }[]',
    ],
    [
      {
        $ref: '#/$defs/Tree',
        $defs: {
          Tree: { type: 'object', properties: { left: { $ref: '#/$defs/Tree' }, right: { $ref: '#/$defs/No' } } },
        },
      },
      '{ left?: Tree, right?: No }',
    ],
    [{}, 'any'],
  ])('%j is shown as %s', (schema, shape) => {
    expect(shapeOf(JSON.stringify(schema))).toBe(shape);
  });
});
