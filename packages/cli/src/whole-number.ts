import { InvalidArgumentError } from 'commander';

/** Reads a whole number of a flag. */
export function parseWholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('give a whole number.');
}
