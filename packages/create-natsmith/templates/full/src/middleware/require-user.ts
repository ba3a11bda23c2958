import { ServiceError, type MessageContext, type Middleware } from '@natsmith/core';

/** Lets nobody in who does not say who they are, in the header "User". */
export const requireUser: Middleware = async (ctx, next) => {
  const user = ctx.headers.get('User');
  if (user === undefined) throw new ServiceError(401, 'who are you?');
  ctx.state.set('user', user);
  return await next();
};

/** Whom {@link requireUser} let in. */
export function userOf(ctx: MessageContext): string {
  return ctx.state.get('user') as string;
}
