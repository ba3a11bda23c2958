import { randomToken } from './token';

describe('a random token', () => {
  const tokens = Array.from({ length: 5000 }, randomToken);

  it('is one token of a subject, in the length of a NUID', () => {
    for (const token of tokens) expect(token).toMatch(/^[\w-]{22}$/);
  });

  it('never comes again', () => expect(new Set(tokens).size).toBe(tokens.length));

  it('holds six random bits in each character: every character occurs in every place', () => {
    for (let place = 0; place < 22; place++) expect(new Set(tokens.map((token) => token[place])).size).toBe(64);
  });
});
