// The whole of semver is 47 files, which a service would load at every start.
import coerce from 'semver/functions/coerce';
import parse from 'semver/functions/parse';

/** What is wrong with a service version, or undefined when it is strict SemVer 2.0.0 (ADR-32, Service version). */
export function versionProblem(version: unknown): string | undefined {
  if (typeof version !== 'string' || version === '') return 'is missing; give a SemVer version such as 1.0.0';
  // semver itself lets a leading "v" and surrounding blanks pass.
  if (/^\d\S*$/.test(version) && parse(version) !== null) return undefined;
  return `${JSON.stringify(version)} is not SemVer 2.0.0; write for example ${coerce(version)?.version ?? '1.0.0'}`;
}
