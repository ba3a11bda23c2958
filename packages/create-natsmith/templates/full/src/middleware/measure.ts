import { only, type RequestContext, type Next } from '@natsmith/core';

/** Tells the caller in the header "Took" how many milliseconds a request took. */
export const measure = only('endpoint', async (ctx: RequestContext, next: Next) => {
  const start = performance.now();
  const reply = await next();
  ctx.replyHeaders.set('Took', (performance.now() - start).toFixed(1));
  return reply;
});
