import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The version of this package, and of all packages that are published with it. */
export function ownVersion(): string {
  const text = readFileSync(resolve(__dirname, '../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
