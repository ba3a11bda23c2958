import { event, type Payload, type ServiceClient, unchecked } from '@natsmith/client';
import { z } from 'zod';
import { type RequestContext } from '@natsmith/core';

class Operands {
  a: number;
  b: number;
}

const Query = z.object({ text: z.string(), limit: z.number().default(10) });
const OrderPlaced = event('orders.{id}.placed', Query);
const Audit = event('audit.log', unchecked<{ who: string }>());
const Everything = event('orders.>', 'unchecked');

interface Found {
  at: Date;
  tags: readonly string[];
  greet(): string;
}

abstract class Calculator {
  abstract search(query: Payload<typeof Query>): Promise<Found>;
  abstract follow(query: Payload<typeof Query>): AsyncIterable<Found>;
  abstract add(payload: Operands): number;
  abstract divide(payload: Operands, ctx: RequestContext): Promise<number>;
  abstract now(): Date;
  abstract reset(): void;
  abstract find(query: string | undefined, ctx: RequestContext): string[];
  abstract any(payload: unknown): Promise<unknown>;
  abstract count(to: number): AsyncIterable<number>;
  abstract generate(): AsyncGenerator<{ n: number }, void, undefined>;
  abstract later(): Promise<AsyncIterable<string>>;
  abstract upload(items: AsyncIterable<Operands>): Promise<number>;
  abstract both(items: AsyncIterable<number>, ctx: RequestContext): AsyncGenerator<string>;
  abstract toJSON(): string;
  readonly precision: number = 2;
  onStart(): void {}
  onStop(): void {}
  private secret(): void {}
  protected hidden(): void {}
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_T extends true>(..._values: unknown[]): void => undefined;

/** Never runs: it only has to compile, and what is marked must not. */
export async function typeTests(client: ServiceClient): Promise<void> {
  const calculator = await client.service<Calculator>('calculator', { version: '^1.0.0' });

  // What every object has is never a call.
  holds<Equal<Extract<keyof typeof calculator, 'toJSON' | 'then' | 'toString'>, never>>();
  const instances = await client.ping();
  holds<Equal<(typeof instances.problems)[number]['reason'], string>>(instances.problems[0]!.reason);
  void client.service('calculator', { subjects: ['math.>'] });

  const sum = calculator.add({ a: 1, b: 2 });
  holds<Equal<typeof sum, Promise<number>>>(sum);
  const quotient = calculator.divide({ a: 1, b: 2 }, { timeout: 5, headers: { A: ['b'] }, params: { id: 1 } });
  holds<Equal<typeof quotient, Promise<number>>>(quotient);
  const nothing = calculator.reset();
  holds<Equal<typeof nothing, Promise<void>>>(nothing);
  void calculator.now(undefined, { signal: AbortSignal.timeout(5) });
  const found = calculator.find();
  holds<Equal<typeof found, Promise<string[]>>>(found);
  const unknown = calculator.any({});
  holds<Equal<typeof unknown, Promise<unknown>>>(unknown);

  const numbers = calculator.count(3);
  holds<Equal<typeof numbers, AsyncIterable<number>>>(numbers);
  const generated = calculator.generate();
  holds<Equal<typeof generated, AsyncIterable<{ n: number }>>>(generated);
  const later = calculator.later();
  holds<Equal<typeof later, AsyncIterable<string>>>(later);

  const uploaded = calculator.upload([{ a: 1, b: 2 }]);
  holds<Equal<typeof uploaded, Promise<number>>>(uploaded);
  const both = calculator.both(numbers);
  holds<Equal<typeof both, AsyncIterable<string>>>(both);
  // @ts-expect-error the items have another type
  void calculator.upload(['a']);
  // @ts-expect-error no stream
  void calculator.upload({ a: 1, b: 2 });

  // @ts-expect-error the payload is missing
  void calculator.add();
  // @ts-expect-error a field of the payload is missing
  void calculator.add({ a: 1 });
  // @ts-expect-error a field has another type
  void calculator.add({ a: 1, b: '2' });
  // @ts-expect-error the reply is a number
  const text: string = await sum;
  // @ts-expect-error a handler without parameters takes no payload
  void calculator.reset({});
  // @ts-expect-error no such method
  void calculator.multiply;
  // @ts-expect-error not a method
  void calculator.precision;
  // @ts-expect-error the service's own business
  void calculator.onStart;
  // @ts-expect-error the service's own business
  void calculator.onStop;
  // @ts-expect-error private
  void calculator.secret;
  // @ts-expect-error protected
  void calculator.hidden;
  // @ts-expect-error a stream is iterated, not awaited as a promise
  void calculator.count(3).then;
  // @ts-expect-error no such option
  void calculator.add({ a: 1, b: 2 }, { retry: 3 });

  const search = calculator.search({ text: 'a' });
  holds<Equal<typeof search, Promise<{ at: string; tags: string[] }>>>(search);
  const follow = calculator.follow({ text: 'a', limit: 5 });
  holds<Equal<typeof follow, AsyncIterable<{ at: string; tags: string[] }>>>(follow);
  const now = calculator.now();
  holds<Equal<typeof now, Promise<string>>>(now);
  // @ts-expect-error a Date travels as a string
  const at: Date = (await search).at;
  // @ts-expect-error a method does not travel
  void (await search).greet;
  // @ts-expect-error a field without a default is missing
  void calculator.search({ limit: 5 });

  const whole = await client.request<{ sum: number }>('math.add', {});
  holds<Equal<typeof whole.data, { sum: number }>>(whole.headers.get('A'));

  await client.publish(OrderPlaced, { text: 'a' }, { params: { id: 1 }, headers: { A: 'b' } });
  // @ts-expect-error params are missing
  await client.publish(OrderPlaced, { text: 'a' });
  // @ts-expect-error a wildcard cannot be published to
  await client.publish(Everything, {});
  for await (const order of client.subscribe(OrderPlaced)) {
    holds<Equal<typeof order.payload, { text: string; limit: number }>>(order.payload);
    holds<Equal<typeof order.params, { readonly id: string }>>(order.params);
    // @ts-expect-error no such token
    void order.params.order;
  }
  for await (const either of client.subscribe([OrderPlaced, Audit]))
    if (either.event === Audit) holds<Equal<typeof either.event, typeof Audit>>(either.event);
  for await (const { payload } of client.subscribe(Everything)) holds<Equal<typeof payload, unknown>>(payload);
  client.use(async (ctx, next) => {
    holds<Equal<typeof ctx.kind, 'call' | 'stream' | 'publish'>>(ctx.headers.get('A'));
    // @ts-expect-error the subject is decided before
    ctx.subject = 'x';
    return next();
  });

  const untyped = await client.service('anything');
  const reply = untyped.whatever!({ a: 1 });
  holds<Equal<typeof reply, Promise<unknown>>>(reply);
  const called = client.call<number>('math.add', { a: 1 });
  holds<Equal<typeof called, Promise<number>>>(called);
  void text;
  void at;
}

test('are checked by tsc -p tsconfig.test.json', () => {
  expect(typeof typeTests).toBe('function');
});
