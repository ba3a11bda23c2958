import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { anchorsOf, blocksOf, linksOf, pages, ROOT, sourceText } from './docs/markdown';

/** Files that are compiled and run: tests, and the examples, which their tests run. */
// The templates of create-natsmith are built, tested and started by test/scaffold; tests compile and run the services
// with standard decorators, and the program with traces.
const RUNS =
  /\.test\.ts(#|$)|^packages\/\w+\/test\/standard-decorators\/|^packages\/opentelemetry\/test\/processes\/|^test\/tools\/configurations\/|^(examples\/[^/]+|packages\/create-natsmith\/templates\/[^/]+)\/(src|test)\//;
/** Pages whose examples nobody has tied to a file yet. */
const UNTIED = ['packages/broker/README.md', 'packages/testing/README.md'];

describe.each(pages())('%s', (page) => {
  it('takes every TypeScript example from a file that is compiled and run', () => {
    for (const { language, text, source, where } of blocksOf(page)) {
      if (!['ts', 'typescript', 'js'].includes(language)) continue;
      if (source === undefined && UNTIED.includes(page)) continue;
      if (source === undefined)
        throw new Error(
          `${where}: say where the example comes from: <!-- from: path --> or <!-- from: path#region -->`,
        );
      if (!RUNS.test(source))
        throw new Error(`${where}: ${source} is neither a test nor an example, so nothing runs it`);
      const original = sourceText(source);
      if (source.includes('#')) expect({ where, text }).toEqual({ where, text: original });
      else if (!original.includes(text)) throw new Error(`${where}: ${source} does not hold these lines as they stand`);
    }
  });

  it('links to files and headings that exist', () => {
    const broken = linksOf(page).filter(({ path, anchor }) => {
      if (!existsSync(join(ROOT, path))) return true;
      return anchor !== undefined && path.endsWith('.md') && !anchorsOf(path).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
