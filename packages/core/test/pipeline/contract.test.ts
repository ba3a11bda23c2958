import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../../..');
const PAGE = 'docs/reference/contract.md';

const rows = readFileSync(join(ROOT, PAGE), 'utf8')
  .split('\n')
  .map((line) => /^\| (.+?) +\| `(\S+\.test\.ts)` +\| (.+?) +\|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, promise = '', file = '', title = '']) => ({ promise, file, title }));

describe(PAGE, () => {
  it('has a row for each promise', () => {
    const tableLines = readFileSync(join(ROOT, PAGE), 'utf8').match(/^\| (?!promise|---)/gm) ?? [];
    expect(rows.length).toBeGreaterThan(70);
    expect(rows).toHaveLength(tableLines.length);
  });

  it.each(rows)('$promise', ({ file, title }) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    // A title stands in the source between quotes, or after the values that it begins with.
    const source = readFileSync(join(ROOT, file), 'utf8').replaceAll("\\'", "'").replaceAll('\\`', '`');
    expect([file, title, source.includes(title)]).toEqual([file, title, true]);
  });
});
