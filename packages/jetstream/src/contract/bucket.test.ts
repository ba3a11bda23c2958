import 'reflect-metadata';
import { IsInt } from 'class-validator';
import { z } from 'zod';
import { bucket, key, type KeyValueStore } from '../index';
import { keyOf, keySubject } from './bucket';

class Limit {
  @IsInt() perMinute!: number;
}
const LimitOf = key('limits.{name}', Limit);
const Flags = key('flags', z.object({ dark: z.boolean().default(false) }));
const _Config = bucket('config', { keys: [LimitOf, Flags], history: 5 });

describe('a key', () => {
  it('is filled in with the values of its named tokens', () => {
    expect(keyOf(LimitOf, { name: 'orders' })).toBe('limits.orders');
    expect(keyOf(Flags, undefined)).toBe('flags');
    expect(keySubject('config', LimitOf)).toBe('$KV.config.limits.*');
  });

  it.each([
    [undefined, /needs a value for \{name\}/],
    [{ name: 'a b' }, /cannot stand for \{name\}/],
    [{ name: 'a\r\nPUB x 0' }, /cannot stand for \{name\}/],
    [{ name: 'ä' }, /"limits.ä" cannot be a key/],
    [{ name: '$' }, /"limits.\$" cannot be a key/],
  ])('is refused for %j', (params, message) => {
    expect(() => keyOf(LimitOf, params)).toThrow(message);
  });

  it.each(['', 'a b', 'a..b', '.a', 'a.', 'a{b}', '$a'])('with the pattern %j is refused', (pattern) => {
    expect(() => key(pattern, Limit)).toThrow(/must be tokens of letters, digits/);
  });
});

describe('a bucket', () => {
  it.each([
    ['a.b', { keys: [Flags] }, /name may hold only letters/],
    ['a', {}, /keys must be an array of keys/],
    ['a', { keys: [undefined] }, /used before its declaration/],
    ['a', { keys: [Flags], history: 65 }, /"history" that must be a whole number from 1 to 64, got 65/],
    ['a', { keys: [Flags], maxAge: 'soon' }, /maxAge must be a positive duration/],
    ['a', { keys: [Flags], description: 5 }, /"description" that must be a string, got 5/],
    ['a', undefined, /needs \{ keys: \[\.\.\.\] \}, got undefined/],
    ['a', { keys: [Flags], ttl: 5 }, /bucket "a" has an unknown option "ttl"; the options are keys,/],
    ['a', { keys: [Flags], histroy: 5 }, /unknown option "histroy"; did you mean "history"\?/],
  ])('%j with %j is refused', (name, options, message) => {
    expect(() => bucket(name, options as never)).toThrow(message);
  });
});

/** Never runs: it only has to compile, and what is marked must not. */
export async function typeTests(store: KeyValueStore<(typeof _Config)['keys'][number]>): Promise<void> {
  const limit: Limit | undefined = await store.get(LimitOf, { params: { name: 'orders' } });
  const flags: { dark: boolean } | undefined = await store.get(Flags);
  await store.put(LimitOf, { perMinute: 5 }, { params: { name: 5 }, revision: 3 });
  // The input of the schema: what has a default may be left out.
  await store.put(Flags, {});
  await store.delete(LimitOf, { params: { name: 'orders' } });
  // @ts-expect-error params are missing
  await store.get(LimitOf);
  // @ts-expect-error a token has another name
  await store.get(LimitOf, { params: { id: 'orders' } });
  // @ts-expect-error a field has another type
  await store.put(LimitOf, { perMinute: '5' }, { params: { name: 'orders' } });
  // @ts-expect-error a key of another bucket
  await store.get(key('other', Limit));
  void [limit, flags];
}
