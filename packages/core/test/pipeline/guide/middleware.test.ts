import 'reflect-metadata';
import { Endpoint, type Middleware, type RequestContext, Service, ServiceError, Use } from '@natsmith/core';
import { onEachServer } from '#test/matrix';
import { Stage } from '#test/stage';

const userOfToken = (token: string | undefined) => (token === 'secret' ? { name: 'ann' } : undefined);
const lines: string[] = [];
const log = (line: string) => lines.push(line);

// #region authentication
const authenticate: Middleware = async (ctx, next) => {
  const user = userOfToken(ctx.headers.get('Authorization'));
  if (user === undefined) throw new ServiceError(401, 'send a token in the header Authorization');
  ctx.state.set('user', user);
  return next();
};
// #endregion

// #region logging
const logged: Middleware = async (ctx, next) => {
  const start = performance.now();
  try {
    return await next();
  } finally {
    log(`${ctx.subject} took ${(performance.now() - start).toFixed(1)} ms`);
  }
};
// #endregion

// #region caching
const cache = new Map<string, { value: unknown; until: number }>();

const cached =
  (milliseconds: number): Middleware =>
  async (ctx, next) => {
    const hit = cache.get(ctx.subject);
    if (hit !== undefined && hit.until > Date.now()) return hit.value;
    const value = await next();
    cache.set(ctx.subject, { value, until: Date.now() + milliseconds });
    return value;
  };
// #endregion

// #region translation
class NotFound extends Error {}

const translateErrors: Middleware = async (_ctx, next) => {
  try {
    return await next();
  } catch (error) {
    if (error instanceof NotFound) throw new ServiceError(404, error.message, { cause: error });
    throw error;
  }
};
// #endregion

let asked = 0;

// #region use
@Service({ name: 'library', version: '1.0.0' })
@Use(translateErrors, authenticate)
class Library {
  @Endpoint({ subject: 'books.{title}' })
  @Use(cached(1000))
  book(_payload: undefined, { params }: RequestContext) {
    asked++;
    if (params.title !== 'emma') throw new NotFound(`no book "${params.title}"`);
    return { title: params.title, pages: 474 };
  }
}
// #endregion

onEachServer((server) => {
  it('the middleware of the guide does what the guide says', async () => {
    cache.clear();
    lines.length = asked = 0;
    await using stage = await Stage.start(server, Library, { use: [logged] });
    const headers = { Authorization: 'secret' };
    expect((await stage.call('books.emma')).code).toBe(401);
    for (let i = 0; i < 3; i++)
      expect((await stage.call('books.emma', '', { headers })).value).toMatchObject({ pages: 474 });
    expect(asked).toBe(1);
    const missing = await stage.call('books.none', '', { headers });
    expect([missing.code, missing.description]).toEqual([404, 'no book "none"']);
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^books\.emma took \d+\.\d ms$/);
  });
});
