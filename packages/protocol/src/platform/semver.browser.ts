// In the place of semver.ts in bundles for browsers: node-semver is 10 KB of a page. The test holds it against node-semver.

import { MAX_RANGE, MAX_VERSION } from './semver-limits';

/** Whether a string is a strict SemVer 2.0.0 version. */
export function isVersion(text: string): boolean {
  return parseVersion(text) !== undefined;
}

/** Something like it that is a version, for messages. */
export function nearestVersion(text: string): string {
  const numbers = /(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?/.exec(text)?.slice(1, 4);
  return numbers?.map((one) => Number(one ?? 0)).join('.') ?? '1.0.0';
}

/** The order of SemVer: below 0 when the first version is the older one. */
export function compareVersions(a: string, b: string): number {
  return compare(parseVersion(a) as Version, parseVersion(b) as Version);
}

/** Whether a version is in the range that a string is, as npm has ranges; undefined for what is not a range, or not a string. */
export function versionRange(text: unknown): ((version: string) => boolean) | undefined {
  const range = typeof text === 'string' ? parseRange(text) : undefined;
  return range && ((version) => isInRange(parseVersion(version) as Version, range));
}

/** A SemVer version; what follows "+" has no order. */
interface Version {
  /** Major, minor and patch. */
  readonly numbers: readonly [number, number, number];
  /** The identifiers behind "-"; none for a release. */
  readonly prerelease: readonly (number | string)[];
}

const IDENTIFIER = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)';
const NUMBER = '(0|[1-9]\\d*)';
const VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);

/** Reads a strict SemVer 2.0.0 version; undefined for anything else. */
function parseVersion(text: string): Version | undefined {
  const match = text.length > MAX_VERSION ? null : VERSION.exec(text);
  if (match === null) return undefined;
  const numbers = match.slice(1, 4).map(Number);
  if (!numbers.every(Number.isSafeInteger)) return undefined;
  const prerelease = match[4]?.split('.').map((one) => (/^\d+$/.test(one) ? Number(one) : one)) ?? [];
  return { numbers: numbers as [number, number, number], prerelease };
}

function compare(a: Version, b: Version): number {
  const number = a.numbers.findIndex((one, i) => one !== b.numbers[i]);
  if (number >= 0) return (a.numbers[number] as number) - (b.numbers[number] as number);
  // A release comes after its prereleases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  for (const [i, one] of a.prerelease.entries()) {
    const other = b.prerelease[i];
    if (other === undefined) return 1;
    if (one === other) continue;
    // Numbers come before words.
    if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return a.prerelease.length - b.prerelease.length;
}

/** Versions from one on, or up to one; all bounds of a list hold at once. */
interface Bound {
  readonly operator: '' | '>' | '>=' | '<' | '<=';
  readonly version: Version;
}

/** A SemVer range: a version is in it where one of its lists of bounds holds. */
type VersionRange = readonly (readonly Bound[])[];

const PART = '(0|[1-9]\\d*|[xX*])';
const PARTIAL = `[v=]*${PART}(?:\\.${PART}(?:\\.${PART}(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?)?)?`;
const COMPARATOR = new RegExp(`^(~>?|\\^|[<>]=?|)${PARTIAL}$`);
const HYPHEN = /^(\S+)\s+-\s+(\S+)$/;

/**
 * Reads a range as npm has them: `^1.2`, `~1.2.3`, `1.x`, `>=1.2.0 <3`, `1.2 - 2.3`, `1 || 3`; undefined for anything
 * else.
 */
function parseRange(text: string): VersionRange | undefined {
  if (text.length > MAX_RANGE) return undefined;
  try {
    const lists = text.split('||').map((part) => boundsIn(part.trim()));
    // Any release: prereleases that another list names are not in it, either.
    return lists.some((bounds) => bounds.length === 0) ? [[]] : lists;
  } catch (error) {
    if (error === NO_RANGE) return undefined;
    throw error;
  }
}

/** Whether a version is in a range; a prerelease only where a bound of the list names one of the same release. */
function isInRange(version: Version, range: VersionRange): boolean {
  return range.some((bounds) => bounds.every((bound) => holds(bound, version)) && isNamed(version, bounds));
}

const NO_RANGE = new Error('not a range');

function holds({ operator, version: bound }: Bound, version: Version): boolean {
  const order = compare(version, bound);
  if (order === 0) return !operator || operator.length > 1;
  return order < 0 ? operator.startsWith('<') : operator.startsWith('>');
}

function isNamed({ numbers, prerelease }: Version, bounds: readonly Bound[]): boolean {
  if (prerelease.length === 0) return true;
  return bounds.some(
    ({ version }) => version.prerelease.length > 0 && version.numbers.every((one, i) => one === numbers[i]),
  );
}

function boundsIn(part: string): Bound[] {
  const [, first, last] = HYPHEN.exec(part) ?? [];
  const comparators =
    first === undefined
      ? part.replace(/(^|\s)(~>|[<>]=|[~^<>=])\s+/g, '$1$2').split(/\s+/)
      : [`>=${first}`, `<=${last}`];
  return comparators.filter((one) => one !== '').flatMap(boundsOf);
}

function boundsOf(comparator: string): Bound[] {
  const [, operator = '', ...parts] = COMPARATOR.exec(comparator) ?? fail();
  const [major, minor, patch] = parts.slice(0, 3).map((one) => (/^\d/.test(one ?? '') ? Number(one) : undefined));
  // "1.x.0" means nothing.
  if ((major === undefined && minor !== undefined) || (minor === undefined && patch !== undefined)) fail();
  if (major === undefined) return /^[<>]$/.test(operator) ? [bound('<', 0, 0, 0, '0')] : [];
  const isPartial = minor === undefined || patch === undefined;
  const from = bound('>=', major, minor ?? 0, isPartial ? 0 : patch, isPartial ? undefined : parts[3]);
  /** The upper bound below this version and its prereleases. */
  const before = (a: number, b = 0, c = 0): Bound => bound('<', a, b, c, '0');
  const next = minor === undefined ? before(major + 1) : before(major, minor + 1);
  switch (operator) {
    case '^':
      if (major > 0 || minor === undefined) return [from, before(major + 1)];
      return [from, minor > 0 || patch === undefined ? before(0, minor + 1) : before(0, 0, patch + 1)];
    case '~':
    case '~>':
      return [from, next];
    case '>=':
      return [from];
    case '<':
      return isPartial ? [before(major, minor)] : [{ ...from, operator }];
    case '<=':
      return isPartial ? [next] : [{ ...from, operator }];
    case '>':
      return [isPartial ? { operator: '>=', version: { ...next.version, prerelease: [] } } : { ...from, operator }];
    default:
      return isPartial ? [from, next] : [{ ...from, operator: '' }];
  }
}

function bound(
  operator: Bound['operator'],
  ...[major, minor, patch, prerelease]: (number | string | undefined)[]
): Bound {
  const text = `${major}.${minor}.${patch}${prerelease === undefined ? '' : `-${prerelease}`}`;
  return { operator, version: parseVersion(text) ?? fail() };
}

function fail(): never {
  throw NO_RANGE;
}
