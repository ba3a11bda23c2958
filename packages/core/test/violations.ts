import type { ValidationError } from 'class-validator';

/** What is wrong with one place of a payload, as an error reply says it. */
export interface Violation {
  path: string;
  constraints: Record<string, string>;
}

/** The errors of class-validator as a flat list. @param path what all paths begin with */
export function violationsIn(errors: readonly ValidationError[], path: string): Violation[] {
  return errors.flatMap(({ property, constraints, children = [] }) => {
    const name = property as string | undefined;
    const here =
      name === undefined
        ? path
        : /^\d+$/.test(name)
          ? `${path}[${Number(name)}]`
          : path === ''
            ? name
            : `${path}.${name}`;
    return [...(constraints === undefined ? [] : [{ path: here, constraints }]), ...violationsIn(children, here)];
  });
}
