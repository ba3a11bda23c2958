import { Endpoint, Group, Service, ServiceError, stream, type RequestContext } from '@natsmith/core';
import { IsIn, IsNumber, IsOptional } from 'class-validator';

export class Operands {
  @IsNumber() a!: number;
  @IsNumber() b!: number;
  @IsOptional() @IsIn(['up', 'down']) round?: string;
}

@Service({ name: 'calculator', version: '1.0.0', description: 'Arithmetic over NATS' })
@Group('math')
export class Calculator {
  @Endpoint({ idempotent: true })
  add({ a, b }: Operands, ctx: RequestContext): number {
    ctx.replyHeaders.set('Trace', ctx.headers.get('trace') ?? 'none');
    return a + b;
  }

  @Endpoint()
  divide({ a, b }: Operands): number {
    if (b === 0) throw new ServiceError(400, 'division by zero', { data: { a } });
    return a / b;
  }

  @Endpoint({ request: 'unchecked' })
  async *count(to: unknown): AsyncIterable<number> {
    for (let i = 1; i <= Number(to); i++) yield i;
    if (to === 3) throw new ServiceError(507, 'no more numbers');
  }

  @Endpoint({ request: 'unchecked' })
  upTo(to: unknown): AsyncIterable<number> {
    return this.count(to);
  }

  @Endpoint({ subject: 'memory.{slot}.get' })
  recall(_: undefined, ctx: RequestContext): string {
    return `slot ${ctx.params.slot}`;
  }

  @Endpoint({ timeout: 60_000 })
  async never(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
  }

  @Endpoint({ request: stream(Number) })
  async sum(numbers: AsyncIterable<number>): Promise<number> {
    let sum = 0;
    for await (const number of numbers) sum += number;
    return sum;
  }

  @Endpoint({ request: stream(Number) })
  async *double(numbers: AsyncIterable<number>): AsyncIterable<number> {
    for await (const number of numbers) yield 2 * number;
  }

  @Endpoint({ request: 'unchecked' })
  async *ticks(every: unknown): AsyncIterable<number> {
    for (let i = 1; ; i++) {
      yield i;
      await new Promise((resolve) => setTimeout(resolve, Number(every)));
    }
  }
}

@Service({ name: 'cache', version: '2.1.0', queueGroup: false })
export class Cache {
  @Endpoint()
  size(): number {
    return 7;
  }

  @Endpoint()
  flush(): never {
    throw new ServiceError(503, 'not now');
  }
}
