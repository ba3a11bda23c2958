import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const ROOT = join(__dirname, '../..');

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** What the comment `<!-- from: path#region -->` above it names. */
  readonly source: string | undefined;
  /** `docs/architecture.md:12`. */
  readonly where: string;
}

/** A relative link of a page. */
export interface Link {
  /** As seen from the repository's root. */
  readonly path: string;
  readonly anchor: string | undefined;
  readonly where: string;
}

/** Every page that people read, as a path from the repository's root. */
export function pages(): string[] {
  const inFolders = ['packages', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}/README.md`),
  );
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return ['README.md', 'CONTRIBUTING.md', ...inDocs, ...inFolders].filter((page) => existsSync(join(ROOT, page)));
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; lines: string[]; source: string | undefined; where: string } | undefined;
  let source: string | undefined;
  for (const [index, line] of read(page).split('\n').entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (open !== undefined && fence !== null) {
      blocks.push({ ...open, text: open.lines.join('\n') });
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else if (fence !== null) open = { language: fence[1] ?? '', lines: [], source, where: `${page}:${index + 1}` };
    // A marker belongs to the block right below it.
    if (line !== '') source = /^<!-- from: (\S+) -->$/.exec(line)?.[1];
  }
  return blocks;
}

export function linksOf(page: string): Link[] {
  return read(page)
    .replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replaceAll(/[^\n]/g, ' '))
    .split('\n')
    .flatMap((line, index) =>
      [...line.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({
        target: match[1] ?? '',
        where: `${page}:${index + 1}`,
      })),
    )
    .filter(({ target }) => !/^[a-z]+:/.test(target))
    .map(({ target, where }) => {
      const [path = '', anchor] = target.split('#');
      return { path: path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path)), anchor, where };
    });
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The rows of the page's table that has these column heads, its cells as text without backquotes. */
export function tableOf(page: string, heads: readonly string[]): string[][] {
  const lines = read(page).split('\n');
  const start = lines.findIndex((line) => cellsOf(line).join() === heads.join());
  if (start === -1) throw new Error(`${page} has no table with the columns ${heads.join(', ')}`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end === -1 ? undefined : end).map(cellsOf);
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));
}

/** The text of a file, or of the lines between `// #region name` and `// #endregion`, moved to the left margin. */
export function sourceText(source: string): string {
  const [path = '', region] = source.split('#');
  const text = read(path);
  if (region === undefined) return text;
  const match = new RegExp(`^ *// #region ${region}\\n([\\s\\S]*?)^ *// #endregion`, 'm').exec(text);
  if (match === null) throw new Error(`${path} has no "// #region ${region}"`);
  const lines = (match[1] ?? '').trimEnd().split('\n');
  const margin = Math.min(...lines.filter((line) => line !== '').map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(margin)).join('\n');
}
