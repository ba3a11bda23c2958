import { errorNamed } from '../services/error-catalogue';
import type { ServiceError } from '../services/service-error';
import type { StandardIssue } from './standard-schema';

/** One thing that is wrong with a payload: where, and by constraint name what it should be. */
export interface Violation {
  /** `items[0].quantity`; `""` for the payload itself. */
  path: string;
  constraints: Record<string, string>;
}

/** What class-validator says of a property; its own type, without loading it. */
export interface PropertyError {
  readonly property: string;
  readonly constraints?: Record<string, string>;
  readonly children?: readonly PropertyError[];
}

/** More violations than this are not sent: the reply must fit into a message. */
const MAX_VIOLATIONS = 100;

/** The 400 that lists what is wrong with a payload. */
export function invalidPayload(violations: readonly Violation[]): ServiceError {
  const more = violations.length - MAX_VIOLATIONS;
  if (more <= 0) return errorNamed('invalid', undefined, { data: violations });
  return errorNamed('invalidMore', { more }, { data: violations.slice(0, MAX_VIOLATIONS) });
}

/** What class-validator found, each property by its whole path. */
export function violationsOf(errors: readonly PropertyError[], path: readonly PropertyKey[] = []): Violation[] {
  return errors.flatMap(({ property, constraints, children = [] }) => {
    // class-validator names an item of an array by its index, as a string, and a value of unknown class not at all.
    const step =
      (property as string | undefined) === undefined ? [] : [/^\d+$/.test(property) ? Number(property) : property];
    const here = [...path, ...step];
    const own = constraints === undefined ? [] : [{ path: pathOf(here), constraints }];
    return [...own, ...violationsOf(children, here)];
  });
}

/** What a Standard Schema found. */
export function violationsIn(issues: readonly StandardIssue[], vendor: string): Violation[] {
  return issues.map(({ message, path = [] }) => ({
    path: pathOf(path.map((segment) => (typeof segment === 'object' ? segment.key : segment))),
    constraints: { [vendor]: message },
  }));
}

function pathOf(keys: readonly PropertyKey[]): string {
  let path = '';
  for (const key of keys) path += typeof key === 'number' ? `[${key}]` : path === '' ? String(key) : `.${String(key)}`;
  return path;
}
