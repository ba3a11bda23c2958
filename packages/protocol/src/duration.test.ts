import { durationProblem, millisecondsOf, millisecondsOfOption } from './duration';

test.each([
  [250, 250],
  ['250ms', 250],
  ['30s', 30_000],
  ['1.5s', 1500],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
])('%j is a duration of %d ms', (duration, milliseconds) => {
  expect(millisecondsOf(duration)).toBe(milliseconds);
  expect(durationProblem(duration)).toBeUndefined();
});

test.each(['', '5', 's', '5 s', ' 5s', '-5s', '5S', '1e3s', '5sec', '5s\n', null, undefined, {}, [5], true])(
  '%j is none',
  (value) => {
    expect(millisecondsOf(value)).toBeNaN();
    expect(durationProblem(value)).toMatch(
      /^must be a positive duration, in milliseconds or as a string such as "250ms", "30s", "5m", "2h", "7d"; got /,
    );
  },
);

test.each([0, -1, NaN, Infinity, '0s'])('%j is not a positive duration', (value) => {
  expect(durationProblem(value)).toContain(`got ${typeof value === 'string' ? '"0s"' : value}`);
});

test('a bad duration is an error with the name of its option', () => {
  expect(millisecondsOfOption('timeout', '2s')).toBe(2000);
  expect(() => millisecondsOfOption('timeout', '2 s')).toThrow(
    /^timeout must be a duration of 0 ms or more, .*; got "2 s"$/,
  );
});
