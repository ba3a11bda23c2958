import fc from 'fast-check';
import * as semver from 'semver';
import { compareVersions, isVersion, versionRange } from './semver.browser';

// Always the same ones: what a new one would find is not to fail somebody else's change.
const RUNS = { numRuns: 2_000, seed: 1 };

// node-semver says what npm takes for a range, and what is in it.

const small = fc.constantFrom('0', '1', '2', '3', '10');
const prerelease = fc.constantFrom('', '', '', '-0', '-1', '-rc', '-rc.1', '-rc.1.x', '-rc.2', '-alpha', '-1.a');
const version = fc.tuple(small, small, small, prerelease).map(([a, b, c, pre]) => `${a}.${b}.${c}${pre}`);
const any = fc.constantFrom('x', 'X', '*');
const numbered = fc.oneof(
  version,
  small,
  fc.tuple(small, fc.oneof(small, any)).map((parts) => parts.join('.')),
  fc.tuple(small, any, any).map((parts) => parts.join('.')),
  fc.tuple(small, small, any).map((parts) => parts.join('.')),
);
const partial = fc.oneof({ weight: 6, arbitrary: numbered }, { weight: 1, arbitrary: any });
const comparator = fc
  .tuple(
    fc.constantFrom('', '', '^', '~', '~>', '>', '>=', '<', '<=', '='),
    fc.constantFrom('', '', ' ', 'v'),
    partial,
    fc.constantFrom('', '', '', '+b.5'),
  )
  .map(([operator, gap, one, build]) => `${operator}${gap}${one}${isVersion(one) ? build : ''}`);
const list = fc.oneof(
  fc.array(comparator, { maxLength: 3 }).map((each) => each.join(' ')),
  fc.tuple(numbered, numbered).map((each) => each.join(' - ')),
);
const range = fc.array(list, { minLength: 1, maxLength: 3 }).map((each) => each.join(' || '));

test('a version is in a range exactly where npm says so', () => {
  fc.assert(
    fc.property(version, range, (one, text) => {
      const isInRange = versionRange(text);
      expect({ text, valid: isInRange !== undefined }).toEqual({ text, valid: semver.validRange(text) !== null });
      if (isInRange === undefined) return;
      expect({ one, text, in: isInRange(one) }).toEqual({ one, text, in: semver.satisfies(one, text) });
    }),
    RUNS,
  );
});

test('what is a range here is one for npm', () => {
  const junk = fc.string({ unit: fc.constantFrom(...'0123x*.-+v^~<>=| a'), maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(junk, fc.string()), version, (text, one) => {
      const isInRange = versionRange(text);
      if (isInRange === undefined) return;
      expect({ text, range: semver.validRange(text) }).not.toEqual({ text, range: null });
      expect({ one, text, in: isInRange(one) }).toEqual({ one, text, in: semver.satisfies(one, text) });
    }),
    RUNS,
  );
});

test('versions have the order of SemVer', () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(Math.sign(compareVersions(a, b))).toBe(semver.compare(a, b));
    }),
  );
});

test('a version is one exactly where npm takes it strictly', () => {
  const junk = fc.string({ unit: fc.constantFrom(...'0129.-+av'), maxLength: 10 });
  fc.assert(
    fc.property(fc.oneof(version, junk, fc.string()), (text) => {
      const isStrict = /^\d\S*$/.test(text) && semver.valid(text) !== null;
      expect({ text, valid: isVersion(text) }).toEqual({ text, valid: isStrict });
    }),
    RUNS,
  );
});

test.each(['latest', '1.0.0.0', '>', '^', '1.2.3-', '99999999999999999999', '^1.0.0 latest', '1 |', '1.x.0'])(
  '%j is not a range',
  (text) => {
    expect(versionRange(text)).toBeUndefined();
  },
);
