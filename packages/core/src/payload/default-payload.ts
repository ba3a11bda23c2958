import type { Validate } from './validator';

/** Leaves an empty body to the handler's own default; everything else is validated. */
export function orDefault(validate: Validate): Validate {
  return (value, size) => (value === undefined ? undefined : validate(value, size));
}
