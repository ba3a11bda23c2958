import { Endpoint, Group, Service } from '@natsmith/core';
import { IsString, Length } from 'class-validator';

export class Person {
  @IsString()
  @Length(1, 100)
  name!: string;
}

@Service({ name: 'greeter', version: '1.0.0', description: 'Greets people' })
@Group('greeter')
export class Greeter {
  // Endpoint "hello" on subject greeter.hello; anything but a Person gets error 400.
  @Endpoint()
  hello({ name }: Person): string {
    return `Hello, ${name}!`;
  }
}
