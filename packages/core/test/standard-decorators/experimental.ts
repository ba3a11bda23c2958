import { Endpoint, Service } from '@natsmith/core';
import { Operands } from './operands';

/** A service with experimental decorators: the type of the parameter says what the payload is. */
@Service({ name: 'experimental', version: '1.0.0' })
export class Experimental {
  @Endpoint()
  multiply({ a, b }: Operands): number {
    return a * b;
  }
}
