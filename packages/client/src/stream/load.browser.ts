// In the place of load.ts in bundles for browsers.
import type * as streams from './streams';

/** The code of streams, which bundlers may put into a file of its own: most pages make calls alone. */
export function loadStreams(): Promise<typeof streams> {
  return import('./streams.js');
}
