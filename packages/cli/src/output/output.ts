import picocolors from 'picocolors';

const DEFAULT_WIDTH = 80;

/** Columns that a line may have. */
export function terminalWidth(): number {
  return process.stdout.columns || DEFAULT_WIDTH;
}

/** Colours on a terminal, plain text elsewhere and where NO_COLOR is set. */
export const paint = picocolors.createColors(process.stdout.isTTY === true && picocolors.isColorSupported);

/** Writes a line for people. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one JSON document, on one line unless somebody looks at it. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : undefined));
}

/** Tells something that belongs neither to the answer nor to an error. */
export function note(text: string): void {
  process.stderr.write(`natsmith: ${text}\n`);
}

/** A text of somebody else, without what a terminal would obey. */
export function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}
