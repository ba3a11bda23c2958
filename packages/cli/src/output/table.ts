import Table from 'cli-table3';
import { harmless, shortened } from './harmless';
import { lineWidth, paint } from './output';

const GAP = 2;
const MIN_COLUMN = 6;
/** Nobody reads more, and drawing it takes its time. */
const MAX_ROWS = 1_000;
const MAX_CELL = 500;
const PLAIN = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, '']),
  ),
);

/** A column that stands to the right, for numbers. */
export interface Column {
  readonly head: string;
  readonly align?: 'right';
}

/**
 * A table for people. On a terminal it fits, long cells being broken into lines; elsewhere each row is one line. Very
 * many rows and very long cells are cut, and say so.
 */
export function table(columns: readonly (string | Column)[], rows: readonly (readonly (string | number)[])[]): string {
  const heads = columns.map((column) => (typeof column === 'string' ? { head: column } : column));
  const cells = rows
    .slice(0, MAX_ROWS)
    .map((row) => row.map((cell) => shortened(harmless(shortened(String(cell), 2 * MAX_CELL)), MAX_CELL)));
  const widths = fit(
    heads.map(({ head }, i) => Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0))),
    lineWidth() - GAP * (heads.length - 1),
  );
  const drawn = new Table({
    head: heads.map(({ head }) => head),
    // The library measures what has no width given; wide characters count twice there.
    ...(lineWidth() !== Infinity && { colWidths: widths, wordWrap: true, wrapOnWordBoundary: false }),
    colAligns: heads.map((column) => ('align' in column && column.align) || 'left'),
    chars: { ...PLAIN, middle: ' '.repeat(GAP) },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  drawn.push(...cells.map((row) => [...row]));
  const headLines = Math.max(1, ...heads.map(({ head }, i) => Math.ceil(head.length / (widths[i] || 1))));
  // Painted when it is drawn: the library would break a line within what paints it.
  const lines = drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .map((line, i) => (i < headLines ? paint.dim(line) : line));
  if (rows.length > MAX_ROWS) lines.push(`and ${rows.length - MAX_ROWS} more; --json has them all`);
  return lines.join('\n');
}

/** Takes from the widest column until all fit. */
function fit(wanted: readonly number[], available: number): number[] {
  const widths = [...wanted];
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= MIN_COLUMN) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}
