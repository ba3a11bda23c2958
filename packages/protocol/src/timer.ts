/** Milliseconds of the longest timer; Node takes 32 bits, and a longer one would fire at once. */
export const MAX_TIMER = 2 ** 31 - 1;
