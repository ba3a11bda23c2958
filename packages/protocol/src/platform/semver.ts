// Of node-semver's 47 files those that are used. Bundles for browsers get semver.browser.ts in the place of this file, by
// "browser" in package.json.
import Range from 'semver/classes/range';
import coerce from 'semver/functions/coerce';
import compare from 'semver/functions/compare';
import parse from 'semver/functions/parse';
import { MAX_RANGE } from './semver-limits';

/** Whether a string is a strict SemVer 2.0.0 version. */
export function isVersion(text: string): boolean {
  // semver itself lets a leading "v" and surrounding blanks pass.
  return /^\d\S*$/.test(text) && parse(text) !== null;
}

/** Something like it that is a version, for messages. */
export function nearestVersion(text: string): string {
  return coerce(text)?.version ?? '1.0.0';
}

/** The order of SemVer: below 0 when the first version is the older one. */
export function compareVersions(a: string, b: string): number {
  return compare(a, b);
}

/** Whether a version is in the range that a string is, as npm has ranges; undefined for what is not a range, or not a string. */
export function versionRange(text: unknown): ((version: string) => boolean) | undefined {
  if (typeof text !== 'string' || text.length > MAX_RANGE) return undefined;
  try {
    const range = new Range(text);
    return (version) => range.test(version);
  } catch {
    return undefined;
  }
}
