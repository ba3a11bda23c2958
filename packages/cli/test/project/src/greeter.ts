import { Endpoint, Service } from '@natsmith/core';
import { IsString } from 'class-validator';

// here
const version = '1.0.0';

export class Person {
  @IsString() name!: string;
}

@Service({ name: 'greeter', version })
export class Greeter {
  @Endpoint()
  greet({ name }: Person): string {
    return `Hello, ${name}`;
  }

  @Endpoint()
  async slowly(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return `from ${version}`;
  }
}
