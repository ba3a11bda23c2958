import {
  aString,
  checkedElsewhere,
  compareVersions,
  CLIENT_ERRORS,
  errorOf,
  instanceIdProblem,
  markReceived,
  subjectCovers,
  subjectProblem,
  type InfoResponse,
  type OptionRules,
  versionRange,
} from '@natsmith/protocol';

/** Which instances and endpoints of a service are meant. */
export interface ServiceSelection {
  /** A SemVer range that the instance's version must satisfy; prereleases only where the range names them. */
  version?: string;
  /** One instance. */
  id?: string;
  /** The prefix of the endpoints' subjects, where several endpoints share a name. */
  group?: string;
  /**
   * Where the service may be: a subject or several, wildcards allowed. Endpoints elsewhere are refused, whatever an
   * instance says in its INFO.
   */
  subjects?: string | readonly string[];
}

export const SELECTION: OptionRules<ServiceSelection> = {
  version: checkedElsewhere,
  id: aString,
  group: aString,
  subjects: (value) =>
    typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'))
      ? undefined
      : 'a subject or an array of them, such as "calc.>"',
};

/** @throws TypeError for a selection that cannot be */
export function checkSelection({ version, id, group, subjects }: ServiceSelection): void {
  if (version !== undefined && versionRange(version) === undefined)
    throw new TypeError(`version must be a SemVer range such as "^1.0.0", got ${JSON.stringify(version)}`);
  const idProblem = id === undefined ? undefined : instanceIdProblem(id);
  if (idProblem !== undefined) throw new TypeError(`id ${idProblem}`);
  const groupProblem = group === undefined ? undefined : subjectProblem(group, 'none');
  if (groupProblem !== undefined) throw new TypeError(`group ${groupProblem}`);
  if (subjects === undefined) return;
  if (patternsOf(subjects).length === 0)
    throw new TypeError('subjects must not be empty; give the subjects where the service may be, such as "calc.>"');
  for (const pattern of patternsOf(subjects)) {
    const problem = subjectProblem(pattern, 'all', 'plain');
    if (problem !== undefined) throw new TypeError(`subjects: ${problem}`);
  }
}

/** Whether an endpoint's subject lies in the group and where the service may be. */
export function isWithin(subject: string, { group, subjects }: ServiceSelection): boolean {
  if (group !== undefined && !subject.startsWith(`${group}.`)) return false;
  // What begins with "$" are system subjects: nobody's INFO is to borrow the rights of who calls.
  if (subjects === undefined) return !subject.startsWith('$');
  return patternsOf(subjects).some((pattern) => subjectCovers(pattern, subject));
}

/** The group and the subjects of a selection, for messages. */
export function placeOf({ group, subjects }: ServiceSelection): string {
  const parts = [
    ...(group === undefined ? [] : [`in the group "${group}"`]),
    ...(subjects === undefined ? [] : [`within the subjects ${patternsOf(subjects).join(', ')}`]),
  ];
  return parts.length === 0 ? 'outside the system subjects ("$…")' : parts.join(', ');
}

/**
 * The instances that a selection means, the newest version first.
 * @throws ServiceError 503 when nobody answers, or none has the id
 * @throws Error that names the versions found, when none is in the range
 */
export function selectInstances(
  service: string,
  { version, id }: ServiceSelection,
  instances: readonly InfoResponse[],
): InfoResponse[] {
  if (instances.length === 0) throw markReceived(errorOf(CLIENT_ERRORS.noService, { service }));
  const isInRange = version === undefined ? undefined : versionRange(version);
  const inRange = instances.filter((one) => isInRange?.(one.version) ?? true);
  if (inRange.length === 0) {
    const found = listed([...new Set([...instances].sort(newestFirst).map((one) => one.version))]);
    throw new Error(`no running instance of service "${service}" satisfies version ${version ?? ''}; found ${found}`);
  }
  const selected = inRange.filter((one) => id === undefined || one.id === id);
  if (selected.length === 0) {
    const found = listed(inRange.map((one) => one.id));
    throw markReceived(errorOf(CLIENT_ERRORS.noInstance, { service, id: id ?? '', found }));
  }
  return selected.sort(newestFirst);
}

function newestFirst(a: InfoResponse, b: InfoResponse): number {
  return compareVersions(b.version, a.version);
}

const MAX_LISTED = 50;

/** Names for a message; how many there are is up to the services. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const more = names.length - MAX_LISTED;
  return more > 0 ? `${names.slice(0, MAX_LISTED).join(', ')} and ${more} more` : names.join(', ');
}

function patternsOf(subjects: string | readonly string[]): readonly string[] {
  return typeof subjects === 'string' ? [subjects] : subjects;
}
