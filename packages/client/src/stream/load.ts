import * as streams from './streams';

const loaded = Promise.resolve(streams);

/** The code of streams, which Node.js has loaded with everything else. */
export function loadStreams(): Promise<typeof streams> {
  return loaded;
}
