import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file into which processes write a line for each thing that they have done: it survives them. */
export class Notes {
  readonly path = join(mkdtempSync(join(tmpdir(), 'natsmith-bench-')), 'notes');

  constructor() {
    writeFileSync(this.path, '');
  }

  lines(): string[] {
    return readFileSync(this.path, 'utf8').split('\n').filter(Boolean);
  }
}
