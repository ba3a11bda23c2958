import { type MessageContext, type Middleware, ServiceError } from '@natsmith/core';

const USERS = new Map([
  ['token-of-ann', { name: 'ann', isAdmin: false }],
  ['token-of-eve', { name: 'eve', isAdmin: true }],
]);

export interface User {
  name: string;
  isAdmin: boolean;
}

/** Lets in whoever has a token, and leaves the user for the handler. */
export const authenticate: Middleware = async (ctx, next) => {
  const user = USERS.get(ctx.headers.get('Authorization') ?? '');
  if (user === undefined) throw new ServiceError(401, 'send a token in the header Authorization');
  ctx.state.set('user', user);
  return next();
};

/** Stands inside `authenticate`. */
export const adminsOnly: Middleware = async (ctx, next) => {
  if (!userOf(ctx).isAdmin) throw new ServiceError(403, 'only for administrators');
  return next();
};

export function userOf(ctx: MessageContext): User {
  return ctx.state.get('user') as User;
}
