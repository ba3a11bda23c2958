import type { Middleware } from '@natsmith/core';

/** Tells the caller in the header "Took" how many milliseconds a request took. */
export const measure: Middleware = async (ctx, next) => {
  const start = performance.now();
  const reply = await next();
  ctx.replyHeaders.set('Took', (performance.now() - start).toFixed(1));
  return reply;
};
