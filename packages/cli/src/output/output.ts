import picocolors from 'picocolors';
import { harmlessJson, harmlessLines } from './harmless';

const DEFAULT_WIDTH = 80;

/** Columns that a line may have; a pipe takes whole lines. */
export function lineWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || DEFAULT_WIDTH : Infinity;
}

/** Colours on a terminal, plain text elsewhere and where NO_COLOR is set. */
export const paint = picocolors.createColors(process.stdout.isTTY === true && picocolors.isColorSupported);

// What `paint` makes. Only where it paints does it pass.
// eslint-disable-next-line no-control-regex
const PAINTED = /\u001b\[\d+(?:;\d+)*m/g;

/** Writes a line for people: whatever it was made of, no control character reaches the terminal. */
export function print(line = ''): void {
  process.stdout.write(`${withPaint(line)}\n`);
}

/** Writes one JSON document, indented where somebody looks at it. */
export function printJson(value: unknown): void {
  process.stdout.write(`${harmlessJson(value, process.stdout.isTTY ? 2 : undefined)}\n`);
}

/** Writes one JSON document on one line. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${harmlessJson(value)}\n`);
}

/** Writes bytes as they came, for a file or another program. */
export function pass(bytes: Uint8Array): void {
  process.stdout.write(bytes);
  process.stdout.write('\n');
}

/** Clears the terminal, and writes what stands there from now on. */
export function redraw(text: string): void {
  process.stdout.write('\u001b[H\u001b[2J\u001b[3J');
  print(text);
}

/** Writes to stderr, for errors. */
export function complain(text: string): void {
  process.stderr.write(harmlessLines(text));
}

/** Tells something that belongs neither to the answer nor to an error. */
export function note(text: string): void {
  complain(`natsmith: ${text}\n`);
}

function withPaint(line: string): string {
  if (!paint.isColorSupported) return harmlessLines(line);
  const painted = line.match(PAINTED) ?? [];
  return line
    .split(PAINTED)
    .map((part, i) => `${harmlessLines(part)}${painted[i] ?? ''}`)
    .join('');
}
