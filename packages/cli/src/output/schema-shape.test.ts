import { shapeOf } from './schema-shape';

describe('the shape of a schema', () => {
  it.each([
    [{ type: 'object', properties: { a: { type: 'number' } }, required: ['a'] }, '{ a: number }'],
    [{ type: 'string', anyOf: [{ maxLength: 10 }, { pattern: '^.{1,10}$' }] }, 'string'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string | null'],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, '"a" | "b"[]'],
    [{}, 'any'],
  ])('%j is shown as %s', (schema, shape) => {
    expect(shapeOf(JSON.stringify(schema))).toBe(shape);
  });
});
