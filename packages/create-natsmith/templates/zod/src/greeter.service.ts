import { Endpoint, Group, Service } from '@natsmith/core';
import { z } from 'zod';

export const Person = z.object({ name: z.string().min(1).max(100) });

@Service({ name: 'greeter', version: '1.0.0', description: 'Greets people' })
@Group('greeter')
export class Greeter {
  // Endpoint "hello" on subject greeter.hello; a payload that is not a Person gets error 400.
  @Endpoint({ request: Person, response: String })
  hello({ name }: z.output<typeof Person>): string {
    return `Hello, ${name}!`;
  }
}
