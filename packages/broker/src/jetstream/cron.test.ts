import { CronPattern } from './cron';

const next = (pattern: string, after: string, zone = 'UTC'): string | undefined => {
  const found = CronPattern.read(pattern, zone)?.next(Date.parse(after));
  return found === undefined ? undefined : new Date(found).toISOString().replace('.000', '');
};

describe('a cron pattern', () => {
  test.each([
    ['0 0 5 * * *', '2026-03-01T04:59:59Z', '2026-03-01T05:00:00Z'],
    ['0 0 5 * * *', '2026-03-01T05:00:00Z', '2026-03-02T05:00:00Z'],
    ['*/20 * * * * *', '2026-03-01T00:00:05Z', '2026-03-01T00:00:20Z'],
    ['30 10-12 * * * *', '2026-03-01T00:11:30Z', '2026-03-01T00:12:30Z'],
    ['0 0 0 1 jan-mar ?', '2026-03-02T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['0 5/20 * * * *', '2026-03-01T00:26:00Z', '2026-03-01T00:45:00Z'],
    ['@weekly', '2026-03-02T00:00:00Z', '2026-03-08T00:00:00Z'],
    ['0 0 0 * * Mon,FRI', '2026-03-03T00:00:00Z', '2026-03-06T00:00:00Z'],
  ])('%s after %s is %s', (pattern, after, expected) => {
    expect(next(pattern, after)).toBe(expected);
  });

  test('with a day of the month and one of the week means either, as soon as neither is a star', () => {
    expect(next('0 0 0 15 * mon', '2026-03-03T00:00:00Z')).toBe('2026-03-09T00:00:00Z');
    expect(next('0 0 0 15 * mon', '2026-03-10T00:00:00Z')).toBe('2026-03-15T00:00:00Z');
    expect(next('0 0 0 15 * *', '2026-03-03T00:00:00Z')).toBe('2026-03-15T00:00:00Z');
  });

  test('counts in its time zone, across the change of clocks', () => {
    expect(next('0 0 5 * * *', '2026-03-28T00:00:00Z', 'Europe/Berlin')).toBe('2026-03-28T04:00:00Z');
    expect(next('0 0 5 * * *', '2026-03-29T00:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T03:00:00Z');
  });

  test('passes over an hour that clocks leave out', () => {
    expect(next('0 30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-30T00:30:00Z');
  });

  test.each(['', '* * * * *', '0 0 5 * * 7', '60 * * * * *', '* * * 0 * *', '5-1 * * * * *', '*/0 * * * * *'])(
    'is not %j',
    (pattern) => {
      expect(CronPattern.read(pattern, 'UTC')).toBeUndefined();
    },
  );

  test('that never comes has no next time', () => {
    expect(next('0 0 0 30 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
  });
});
