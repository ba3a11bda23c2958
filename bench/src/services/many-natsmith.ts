import { Endpoint, Service } from '@natsmith/core';
import { subject, type Two } from './process';

/** One endpoint that is asked, among 999 that are not. A file of its own, because making it costs 50 ms and 18 MB. */
@Service({ name: 'bench', version: '1.0.0' })
export class Many {
  @Endpoint({ subject, request: 'unchecked' }) add({ a, b }: Two): number {
    return a + b;
  }
}
for (let i = 1; i < 1000; i++) {
  const method = `other${i}`;
  const descriptor = { value: ({ a, b }: Two): number => a + b, configurable: true };
  Object.defineProperty(Many.prototype, method, descriptor);
  Endpoint({ subject: `${subject}.${method}`, request: 'unchecked' })(Many.prototype, method, descriptor);
}
