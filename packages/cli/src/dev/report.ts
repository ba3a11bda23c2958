import { writeSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { devSession } from './compiled';

/** The pipe on which the service's process names its sources. Written to at once, so that the last one is not lost. */
export const REPORT_FD = 4;

const PACKAGES = `${sep}node_modules${sep}`;
const OWN = dirname(__dirname) + sep;
const reported = new Set<string>();
// A child of the service inherits the hooks, but has another file at that number.
const isService = process.ppid === devSession().pid;

/** Tells `natsmith dev` of a source that was loaded, or that would have been; packages are none. */
export function report(path: string): void {
  if (!isService || reported.has(path) || path.includes(PACKAGES) || path.startsWith(OWN)) return;
  reported.add(path);
  try {
    writeSync(REPORT_FD, `${path}\n`);
  } catch {
    // natsmith dev has gone.
  }
}
