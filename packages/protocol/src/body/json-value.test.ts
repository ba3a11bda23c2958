import { jsonOf } from './json-value';

describe('the JSON of a value', () => {
  it.each<[string, object]>([
    ['numbers that JSON says by index', { bytes: new Uint16Array([1]) }],
    ['an error with fields', { problem: Object.assign(new Error('no'), { code: 7 }) }],
  ])('holds %s, whatever strings are beside them', (_, value) => {
    const json = jsonOf({ ...value, note: 'x' });
    expect(json).toBe(JSON.stringify({ ...value, note: 'x' }));
    expect(jsonOf({ ...value, note: '{}' })).toBe(JSON.stringify({ ...value, note: '{}' }));
  });

  it('does not look at what JSON leaves out: properties of an array', () => {
    const rows = Object.assign([{}], { meta: new Map() });
    expect(jsonOf({ rows })).toBe('{"rows":[{}]}');
  });

  it('ends where properties of an array lead back to it', () => {
    const rows = [{}, {}];
    const table = { rows, other: rows };
    Object.assign(rows, { parent: table, owner: table });
    expect(jsonOf(table)).toBe('{"rows":[{},{}],"other":[{},{}]}');
  });

  it('names the place of what would become {}', () => {
    expect(() => jsonOf({ rows: [{}, { tags: new Set([1]) }] })).toThrow(/^"rows\.1\.tags" holds a Set/);
  });
});
