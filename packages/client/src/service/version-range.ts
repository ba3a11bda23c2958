import { compareVersions, parseVersion, type Version } from '@natsmith/protocol';

/** Versions from one on, or up to one; all bounds of a list hold at once. */
interface Bound {
  readonly operator: '' | '>' | '>=' | '<' | '<=';
  readonly version: Version;
}

/** A SemVer range: a version is in it where one of its lists of bounds holds. */
export type VersionRange = readonly (readonly Bound[])[];

const PART = '(0|[1-9]\\d*|[xX*])';
const PARTIAL = `[v=]*${PART}(?:\\.${PART}(?:\\.${PART}(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?)?)?`;
const COMPARATOR = new RegExp(`^(~>?|\\^|[<>]=?|)${PARTIAL}$`);
const HYPHEN = /^(\S+)\s+-\s+(\S+)$/;
const MAX_RANGE = 1_000;

/**
 * Reads a range as npm has them: `^1.2`, `~1.2.3`, `1.x`, `>=1.2.0 <3`, `1.2 - 2.3`, `1 || 3`; undefined for anything
 * else.
 */
export function parseRange(text: string): VersionRange | undefined {
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
export function isInRange(version: Version, range: VersionRange): boolean {
  return range.some((bounds) => bounds.every((bound) => holds(bound, version)) && isNamed(version, bounds));
}

const NO_RANGE = new Error('not a range');

function holds({ operator, version: bound }: Bound, version: Version): boolean {
  const order = compareVersions(version, bound);
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
  /** What is behind all that begins with these numbers: before the first prerelease of the next one. */
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
