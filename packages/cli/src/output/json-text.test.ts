import { indented, isDeep } from './json-text';

describe('a JSON document on a terminal', () => {
  it.each([
    '{}',
    '[]',
    '1',
    '"a, {b}: \\" [c]"',
    '[1,"x",null,true,-1.5]',
    '{"a":{"b":[]},"c":[{},{"d":"]"}]}',
    '{"":{"\\\\":"\\\\"}}',
  ])('%s has its values on lines of their own, as JSON.stringify writes them', (json) => {
    expect(indented(json)).toBe(JSON.stringify(JSON.parse(json), undefined, 2));
  });

  it('keeps numbers and escapes as they came', () => {
    expect(indented('{ "id":9007199254740993, "price":1.10,\t"e":"\\u00e9" }\r\n')).toBe(
      '{\n  "id": 9007199254740993,\n  "price": 1.10,\n  "e": "\\u00e9"\n}',
    );
  });

  it('may be a string of megabytes', () => {
    const long = JSON.stringify(['x"\n'.repeat(2_000_000)]);
    expect(indented(long)).toHaveLength(long.length + 4);
  });

  it('stays as it came where it is nested very deeply', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(isDeep(deep)).toBe(true);
    expect(indented(deep)).toBe(deep);
  });
});
