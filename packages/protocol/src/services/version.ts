/** A SemVer version; what follows "+" has no order. */
export interface Version {
  /** Major, minor and patch. */
  readonly numbers: readonly [number, number, number];
  /** The identifiers behind "-"; none for a release. */
  readonly prerelease: readonly (number | string)[];
}

/** Characters of a version, as node-semver has it. */
export const MAX_VERSION = 256;

const IDENTIFIER = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)';
const NUMBER = '(0|[1-9]\\d*)';
const VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);

/** Reads a strict SemVer 2.0.0 version; undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = text.length > MAX_VERSION ? null : VERSION.exec(text);
  if (match === null) return undefined;
  const numbers = match.slice(1, 4).map(Number);
  if (!numbers.every(Number.isSafeInteger)) return undefined;
  const prerelease = match[4]?.split('.').map((one) => (/^\d+$/.test(one) ? Number(one) : one)) ?? [];
  return { numbers: numbers as [number, number, number], prerelease };
}

/** The order of SemVer: below 0 when the first version is the older one. */
export function compareVersions(a: Version, b: Version): number {
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

/** What is wrong with a service version, or undefined when it is strict SemVer 2.0.0 (ADR-32, Service version). */
export function versionProblem(version: unknown): string | undefined {
  if (typeof version !== 'string' || version === '') return 'is missing; give a SemVer version such as 1.0.0';
  if (parseVersion(version) !== undefined) return undefined;
  const shown = version.length > MAX_VERSION ? `${version.slice(0, MAX_VERSION)}…` : version;
  return `${JSON.stringify(shown)} is not SemVer 2.0.0; write for example ${nearest(version)}`;
}

function nearest(version: string): string {
  const numbers = /(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?/.exec(version)?.slice(1, 4);
  return numbers?.map((one) => Number(one ?? 0)).join('.') ?? '1.0.0';
}
