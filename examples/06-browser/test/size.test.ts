import { build, type Metafile, type OutputFile } from 'esbuild';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildForBrowsers } from './built';

const CALLS = `export { ServiceClient, ServiceError, TimeoutError } from '@natsmith/client'`;
const EVENTS = `export { event, ServiceClient } from '@natsmith/client'`;
const LIBRARY = `export { wsconnect } from '@nats-io/nats-core'`;

describe('a page with the client', () => {
  beforeAll(buildForBrowsers);

  it('loads no more than 25,000 bytes, compressed, beside the client library before its first stream', async () => {
    const page = await firstLoad(CALLS);
    expect(sizeOf(page) - sizeOf(await firstLoad(LIBRARY))).toBeLessThanOrEqual(25_000);
    expect(textOf(page)).not.toContain('the producer of the stream from');
  });

  it('loads no more than 33,000 bytes, with streams, where its bundler makes one file', async () => {
    const page = await bundled(CALLS, false);
    expect(sizeOf(page.files) - sizeOf(await firstLoad(LIBRARY))).toBeLessThanOrEqual(33_000);
    expect(textOf(page.files)).toContain('the producer of the stream from');
  });

  it('has the code of events where it uses events', async () => {
    const pages = await Promise.all([firstLoad(CALLS), firstLoad(EVENTS)]);
    expect(pages.map((page) => textOf(page).includes('has the payload class'))).toEqual([false, true]);
  });
});

/** The files that a page loads at once: the first, and those that it imports. */
async function firstLoad(contents: string): Promise<OutputFile[]> {
  const { files, outputs } = await bundled(contents, true);
  const first = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === '<stdin>'));
  for (const path of first)
    for (const { kind, path: other } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && other in outputs) first.add(other);
  const names = [...first].map((path) => basename(path));
  return files.filter(({ path }) => names.includes(basename(path)));
}

async function bundled(
  contents: string,
  splitting: boolean,
): Promise<{ files: OutputFile[]; outputs: Metafile['outputs'] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: __dirname },
    bundle: true,
    splitting,
    outdir: '/',
    platform: 'browser',
    format: 'esm',
    minify: true,
    metafile: true,
    write: false,
  });
  return { files: outputFiles, outputs: metafile.outputs };
}

function sizeOf(files: readonly OutputFile[]): number {
  return files.reduce((size, { contents }) => size + gzipSync(contents, { level: 9 }).length, 0);
}

function textOf(files: readonly OutputFile[]): string {
  return files.map(({ text }) => text).join('\n');
}
