import { Buffer, randomFillSync } from '../platform/node';

/** Characters of a token, six random bits each: 132 bits, in the length of a NUID. */
const LENGTH = 22;
const TOKENS = 128;

const pool = Buffer.alloc((TOKENS * LENGTH * 6) / 8);
let characters = '';
let next = 0;

/**
 * A subject token that nobody can guess, for subjects that give power over a request. (A NUID is a sequence: who has
 * seen one knows the next.) Randomness is drawn for 128 tokens at once, because a system call for each would cost more
 * than the rest of a request.
 */
export function randomToken(): string {
  if (next === characters.length) {
    characters = randomFillSync(pool).toString('base64url');
    next = 0;
  }
  return characters.slice(next, (next += LENGTH));
}
