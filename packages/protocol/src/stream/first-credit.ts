/** Items that a consumer lets come before it knows how large they are, where nobody says how many. */
export const FIRST_CREDIT = 16;

/** Chunks of its reply that a call lets come before it grants any; the fewer, the more calls wait. */
export function firstChunks(waitingCalls: number): number {
  return Math.floor(FIRST_CREDIT / (1 + waitingCalls));
}
