import { Endpoint, Service } from '@natsmith/core';
import { subject, type Two } from './process';

const add = ({ a, b }: Two): number => a + b;

/** One endpoint that is asked, among 999 that are not. Made when asked for: that costs 50 ms and 18 MB. */
export function many(request: 'unchecked' | (new () => Two)): new () => object {
  @Service({ name: 'bench', version: '1.0.0' })
  class Many {}
  for (let i = 0; i < 1000; i++) {
    const method = i === 0 ? 'add' : `other${i}`;
    const descriptor = { value: add, configurable: true };
    Object.defineProperty(Many.prototype, method, descriptor);
    Endpoint({ subject: i === 0 ? subject : `${subject}.${method}`, request })(Many.prototype, method, descriptor);
  }
  return Many;
}

function numbered(number: number): new () => object {
  @Service({ name: `bench${number}`, version: '1.0.0' })
  class Numbered {
    @Endpoint({ subject: `${subject}.${number}`, request: 'unchecked' }) add(operands: Two): number {
      return add(operands);
    }
  }
  return Numbered;
}

export const classes: Record<string, () => readonly (new () => object)[]> = {
  many: () => [many('unchecked')],
  hundred: () => Array.from({ length: 100 }, (_, i) => numbered(i)),
};
