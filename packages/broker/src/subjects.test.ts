import { isLiteralSubject, isValidSubject, matches } from './subjects';

describe('subjects', () => {
  test.each(['a', 'a.b', '*', '>', 'a.*.c', 'a.>', 'a*', '>a', '$SYS.x'])('%s can be subscribed to', (subject) => {
    expect(isValidSubject(subject)).toBe(true);
  });

  test.each(['', '.', 'a.', '.a', 'a..b', '>.a', 'a.>.b'])('"%s" cannot be subscribed to', (subject) => {
    expect(isValidSubject(subject)).toBe(false);
  });

  test.each([
    ['a.b', true],
    ['a*.>b', true],
    ['a.*', false],
    ['>', false],
    ['a..b', false],
  ])('%s is literal: %s', (subject, expected) => {
    expect(isLiteralSubject(subject)).toBe(expected);
  });

  test.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'a.b', false],
    ['a.b', 'a', false],
    ['*', 'a', true],
    ['*', 'a.b', false],
    ['a.*.c', 'a.b.c', true],
    ['>', 'a.b', true],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['a.*', 'a.', false],
    ['a.b', 'a.*', false],
    ['a.*', 'a.>', true],
  ])('%s takes %s: %s', (pattern, subject, expected) => {
    expect(matches(pattern, subject)).toBe(expected);
  });
});
