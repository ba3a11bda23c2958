import { headerNameProblem, headerValueProblem } from '@natsmith/protocol';
import { InvalidArgumentError } from 'commander';

export type HeaderLine = readonly [name: string, value: string];

/** Adds one `--header name:value` to those before it. */
export function addHeader(text: string, before: readonly HeaderLine[] = []): HeaderLine[] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('give name:value.');
  const [name, value] = [text.slice(0, colon), text.slice(colon + 1).trim()];
  const problem = headerNameProblem(name) ?? headerValueProblem(name, value);
  if (problem !== undefined) throw new InvalidArgumentError(`${problem}.`);
  return [...before, [name, value]];
}

/** The same as an object: a name that is given several times has several values. */
export function headerValues(lines: readonly HeaderLine[] = []): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of lines) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}
