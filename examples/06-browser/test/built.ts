import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** What `npm run build` makes for browsers, where it is missing or older than the sources. */
export function buildForBrowsers(): void {
  execFileSync(process.execPath, [join(__dirname, '../../../scripts/build-browser.mjs')]);
}
