import { isVersion, nearestVersion } from '../platform/semver';
import { MAX_VERSION } from '../platform/semver-limits';

/** What is wrong with a service version, or undefined when it is strict SemVer 2.0.0 (ADR-32, Service version). */
export function versionProblem(version: unknown): string | undefined {
  if (typeof version !== 'string' || version === '') return 'is missing; give a SemVer version such as 1.0.0';
  if (isVersion(version)) return undefined;
  const shown = version.length > MAX_VERSION ? `${version.slice(0, MAX_VERSION)}…` : version;
  return `${JSON.stringify(shown)} is not SemVer 2.0.0; write for example ${nearestVersion(version)}`;
}
