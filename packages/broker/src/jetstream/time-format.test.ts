import { formatDuration, formatTime, nanoseconds, parseDuration, parseTime } from './time-format';

test.each([
  ['1h30m', 5_400_000],
  ['1.5s', 1_500],
  ['250ms', 250],
  ['-2s', -2_000],
  ['0', 0],
  ['1d', undefined],
  ['', undefined],
  ['5', undefined],
  ['1s-2s', undefined],
])('the duration %j is %s ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00Z'],
  ['2026-01-31T12:00:00.25+01:00', '2026-01-31T11:00:00.25Z'],
])('the time %s is %s in UTC', (text, expected) => {
  expect(formatTime(parseTime(text)!)).toBe(expected);
});

test.each(['2026-01-31', 'yesterday', '2026-13-01T00:00:00Z'])('%j is not a time', (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test('nanoseconds have all their digits', () => {
  expect(nanoseconds(1_769_860_800_000.5)).toBe('1769860800000500000');
});

test.each([
  [250, '250ms'],
  [90_000, '1m30s'],
  [3_600_000, '1h0m0s'],
])('%d ms are printed as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
