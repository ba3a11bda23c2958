import fc from 'fast-check';
import { matches } from './subjects';
import { type Interest, SubscriptionIndex } from './subscriptions';

const token = fc.constantFrom('a', 'b', 'c');
const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 3 }), fc.oneof(token, fc.constantFrom('*', '>')))
  .map(([tokens, last]) => [...tokens, last].join('.'));
const interest: fc.Arbitrary<Interest> = fc.record({
  subject: pattern,
  queue: fc.option(fc.constantFrom('q', 'r'), { nil: undefined }),
});

describe('a subscription index', () => {
  test('finds what a comparison with every pattern finds, after any additions and removals', () => {
    const change = fc.record({ interest, isRemoved: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.array(subject), (changes, subjects) => {
        const index = new SubscriptionIndex<Interest>();
        for (const { interest } of changes) {
          index.add(interest);
          for (const subject of subjects) index.match(subject); // so that results are cached between the changes
        }
        for (const { interest, isRemoved } of changes) if (isRemoved) index.delete(interest);
        const left = changes.filter(({ isRemoved }) => !isRemoved).map(({ interest }) => interest);

        for (const subject of subjects) {
          const { plain, groups } = index.match(subject);
          const wanted = left.filter((interest) => matches(interest.subject, subject));
          expect(new Set(plain)).toEqual(new Set(wanted.filter(({ queue }) => queue === undefined)));
          expect(new Set(groups.flat())).toEqual(new Set(wanted.filter(({ queue }) => queue !== undefined)));
          expect(new Set(groups.map(([first]) => first?.queue)).size).toBe(groups.length);
          expect(plain.length + groups.flat().length).toBe(wanted.length);
        }
      }),
    );
  });

  test('does not change a result that was handed out', () => {
    const index = new SubscriptionIndex<Interest>();
    const first = { subject: 'a' };
    index.add(first);
    const before = index.match('a');
    index.delete(first);
    expect(before.plain).toEqual([first]);
    expect(index.match('a').plain).toEqual([]);
  });

  test('ignores the removal of what was never added', () => {
    const index = new SubscriptionIndex<Interest>();
    const kept = { subject: 'a.b' };
    index.add(kept);
    index.delete({ subject: 'a.b.c' });
    index.delete({ subject: 'a' });
    index.delete({ subject: 'a.b', queue: 'q' });
    expect(index.match('a.b').plain).toEqual([kept]);
  });

  test('finds all members of a group, whichever of many patterns each has', () => {
    const index = new SubscriptionIndex<Interest>();
    const patterns = Array.from({ length: 2 ** 12 }, (_, bits) =>
      Array.from({ length: 12 }, (_, place) => (bits & (1 << place) ? '*' : 'a')).join('.'),
    );
    for (const subject of patterns) index.add({ subject, queue: 'q' });
    const { groups } = index.match(Array(12).fill('a').join('.'));
    expect(groups).toHaveLength(1);
    expect(new Set(groups[0]?.map(({ subject }) => subject))).toEqual(new Set(patterns));
  });

  test('takes a hundred thousand subscriptions to one subject', () => {
    const index = new SubscriptionIndex<Interest>();
    for (let i = 0; i < 100_000; i++) index.add({ subject: 'a', queue: i % 2 ? 'q' : undefined });
    const { plain, groups } = index.match('a');
    expect([plain.length, groups[0]?.length]).toEqual([50_000, 50_000]);
  });
});
