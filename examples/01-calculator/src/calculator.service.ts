import { Endpoint, Group, Service, ServiceError, type RequestContext } from '@natsmith/core';
import { IsNumber } from 'class-validator';

export class Operands {
  @IsNumber() a!: number;
  @IsNumber() b!: number;
}

@Service({ name: 'calculator', version: '1.0.0', description: 'Arithmetic over NATS' })
@Group('math')
export class Calculator {
  // Endpoint "add" on subject math.add.
  @Endpoint()
  add({ a, b }: Operands): number {
    return a + b;
  }

  @Endpoint({ timeout: 500, concurrency: 16 })
  async divide({ a, b }: Operands, _ctx: RequestContext): Promise<number> {
    if (b === 0) throw new ServiceError(400, 'division by zero', { data: { a } });
    return a / b;
  }
}
