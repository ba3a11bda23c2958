import { subjectProblem } from '@natsmith/protocol';
import type { MsPattern } from '@nestjs/microservices';
import { transformPatternToRoute } from '@nestjs/microservices/utils/transform-pattern.utils';
import fc from 'fast-check';
import { nestSubject, type NestPattern } from '../src/pattern';

describe('the subject of a pattern', () => {
  test.each<[NestPattern, string]>([
    ['math.add', 'math.add'],
    [{ cmd: 'add' }, '{"cmd":"add"}'],
    [{ version: 2, cmd: 'math.add' }, '{"cmd":"math.add","version":2}'],
    [{ cmd: { name: 'say-"hi"' } }, '{"cmd":{"name":"say-\\"hi\\""}}'],
  ])('%j is %s', (pattern, subject) => {
    expect(nestSubject(pattern)).toBe(subject);
  });

  test('is where Nest has it', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab.c"\\{}:,-_1'), minLength: 1, maxLength: 8 });
    const pattern = fc.letrec<{ object: object }>((tie) => ({
      object: fc.dictionary(text, fc.oneof({ depthSize: 'small' }, text, fc.integer(), tie('object')), {
        minKeys: 1,
        maxKeys: 3,
      }),
    })).object;
    fc.assert(
      fc.property(pattern, (each) => {
        let subject: string;
        try {
          subject = nestSubject(each as NestPattern);
        } catch (error) {
          // Empty tokens, which NATS does not take, and what Nest has no subject of its own for.
          expect((error as Error).message).toMatch(/has no subject|at most/);
          return;
        }
        expect(subject).toBe(transformPatternToRoute(each as MsPattern));
        expect(subjectProblem(subject)).toBeUndefined();
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test.each<[unknown, string]>([
    ['', 'is empty'],
    ['two words', 'holds white space'],
    [{ cmd: 'two words' }, 'holds white space'],
    [{ cmd: 'line\r\nPUB x 0' }, 'holds white space'],
    [null, 'strings, numbers and objects'],
    [{ cmd: null }, 'strings, numbers and objects'],
    [{ a: { a: { a: { a: { a: { a: { a: 1 } } } } } } }, 'at most'],
    [Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${i}`, i])), 'at most'],
  ])('%j has none', (pattern, reason) => {
    expect(() => nestSubject(pattern as NestPattern)).toThrow(reason);
  });
});
