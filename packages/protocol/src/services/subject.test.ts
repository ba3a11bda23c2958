import {
  joinSubject,
  parseTemplate,
  queueGroupProblem,
  subjectCovers,
  subjectProblem,
  subjectsOverlap,
} from './subject';

describe('subjectProblem', () => {
  test.each(['a', 'a.b', '*', '*.get', 'evt.>', '>', '{id}.get', 'a.{x}.b.{y}', '$SYS.a', 'ä.ö'])(
    'accepts %j',
    (subject) => {
      expect(subjectProblem(subject)).toBeUndefined();
    },
  );

  test.each([
    ['', 'is empty'],
    ['a..b', 'empty token'],
    ['.a', 'empty token'],
    ['a.', 'empty token'],
    ['a b', 'white space'],
    ['a\tb', 'white space'],
    ['a\r\nb', 'white space'],
    ['a\0b', 'white space'],
    ['>.a', 'before its end'],
    ['a*', 'inside the token'],
    ['a.b>', 'inside the token'],
    ['{id', 'named token'],
    ['x{id}', 'named token'],
    ['{id}.{id}', 'twice'],
    ['a'.repeat(1025), 'longer than 1024'],
    [7, 'is empty'],
  ])('refuses %j: %s', (subject, cause) => {
    expect(subjectProblem(subject)).toContain(cause);
  });

  test('refuses ">" in a prefix and every wildcard in a literal subject', () => {
    expect(subjectProblem('a.>', 'token')).toContain('">"');
    expect(subjectProblem('a.*', 'token')).toBeUndefined();
    expect(subjectProblem('a.*', 'none')).toContain('"*"');
    expect(subjectProblem('a.{x}', 'none')).toContain('{x}');
  });
});

test('joinSubject lets empty segments disappear', () => {
  expect(joinSubject('', 'g1', '', 'x')).toBe('g1.x');
});

test('parseTemplate replaces named tokens and keeps their places', () => {
  expect(parseTemplate('math.{id}.get.{other}')).toEqual({
    subject: 'math.*.get.*',
    params: [
      { name: 'id', index: 1 },
      { name: 'other', index: 3 },
    ],
  });
});

describe('subjectsOverlap', () => {
  test.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['a.*', 'a.b', true],
    ['*.b', 'a.*', true],
    ['evt.created', 'evt.>', true],
    ['evt', 'evt.>', false],
    ['>', 'a.b.c', true],
    ['a.*', 'a.b.c', false],
    ['a.*.c', 'a.b.d', false],
    ['a.>', '*.b.c', true],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(subjectsOverlap(a, b)).toBe(expected);
    expect(subjectsOverlap(b, a)).toBe(expected);
  });
});

test('queueGroupProblem refuses blanks, wildcards and nothing', () => {
  expect(queueGroupProblem('workers.eu')).toBeUndefined();
  for (const bad of ['', 'a b', 'a*', '>', 7, undefined])
    expect(queueGroupProblem(bad)).toContain('is not a queue group');
});

test.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.c', false],
  ['a.b', 'a', false],
  ['a', 'a.b', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a.*', true],
  ['a.*', 'a.>', false],
  ['a.*', 'a.b.c', false],
  ['a.b', 'a.*', false],
  ['a.>', 'a.b.c', true],
  ['a.>', 'a.*.c', true],
  ['a.>', 'a.>', true],
  ['a.>', 'a', false],
  ['>', 'a.>', true],
  ['a.b', '>', false],
])('subjectCovers(%j, %j) is %j', (pattern, subject, covers) => {
  expect(subjectCovers(pattern, subject)).toBe(covers);
});
