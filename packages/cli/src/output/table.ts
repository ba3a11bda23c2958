import Table from 'cli-table3';
import { harmless, paint, terminalWidth } from './output';

const GAP = 2;
const MIN_COLUMN = 6;
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

/** A table for people, which fits into the terminal: long cells are broken into lines. */
export function table(columns: readonly (string | Column)[], rows: readonly (readonly (string | number)[])[]): string {
  const heads = columns.map((column) => (typeof column === 'string' ? { head: column } : column));
  const cells = rows.map((row) => row.map((cell) => harmless(String(cell))));
  const widths = fit(
    heads.map(({ head }, i) => Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0))),
    terminalWidth() - GAP * (heads.length - 1),
  );
  const drawn = new Table({
    head: heads.map(({ head }) => paint.dim(head)),
    colWidths: widths,
    colAligns: heads.map((column) => ('align' in column && column.align) || 'left'),
    wordWrap: true,
    wrapOnWordBoundary: false,
    chars: { ...PLAIN, middle: ' '.repeat(GAP) },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  drawn.push(...cells.map((row) => [...row]));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
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
