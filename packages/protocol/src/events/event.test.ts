import 'reflect-metadata';
import { IsInt, IsOptional, IsString, Min, ValidateBy } from 'class-validator';
import { type ServiceError } from '../services/service-error';
import { z } from 'zod';
import {
  event,
  type Event,
  type EventPublisher,
  eventCodecOf,
  eventSubject,
  type ParamsOf,
  type Payload,
  type Received,
  type Sent,
  type SentPayload,
  type Serialized,
  unchecked,
} from '../index';

class Order {
  @IsString() id!: string;
  @IsInt() @Min(1) quantity!: number;
}

const Shipped = z.object({ at: z.coerce.date(), carrier: z.string().default('post') });
const OrderPlaced = event('orders.{id}.placed', Order, { description: 'An order was taken' });
const OrderShipped = event('orders.{id}.shipped', Shipped);
const Audit = event('audit.log', unchecked<{ who: string }>());
const Everything = event('orders.>', 'unchecked');

describe('an event', () => {
  it('holds its subject, type, description and codec, and cannot be changed', () => {
    expect(OrderPlaced).toEqual({
      subject: 'orders.{id}.placed',
      type: Order,
      description: 'An order was taken',
      codec: 'json',
    });
    expect(Object.isFrozen(OrderPlaced)).toBe(true);
  });

  it.each([
    ['', 'event subject is empty; a subject is tokens joined by "."'],
    ['a b', 'event subject "a b" holds white space; join its tokens with "."'],
    ['a.{1}', 'event subject "a.{1}" has the token "{1}"; a named token is a whole token such as {id}'],
  ])('with the subject %j is refused', (subject, message) => {
    expect(() => event(subject, Order)).toThrow(new TypeError(message));
  });

  it('without a type is refused, with the usual cause', () => {
    expect(() => event('a', undefined as never)).toThrow(/has no type; is it used before its declaration/);
  });

  it.each([
    [{ desciption: 'a' }, 'has an unknown option "desciption"; did you mean "description"?'],
    [{ description: 5 }, 'has an option "description" that must be a string, got 5'],
    [{ codec: 'xml' }, 'has an option "codec" that must be "json", "text", "bytes" or an object with decode(body)'],
    [null, 'has null in the place of its options; give an object'],
  ])('with the options %j is refused', (options, message) => {
    expect(() => event('a', 'unchecked', options as never)).toThrow(`event "a" ${message}`);
  });
});

describe('the subject that an event is published on', () => {
  it('has the values of its named tokens', () => {
    expect(eventSubject(OrderPlaced, { id: 'o-1' })).toBe('orders.o-1.placed');
    expect(eventSubject(OrderPlaced, { id: 7 })).toBe('orders.7.placed');
    expect(eventSubject(Audit)).toBe('audit.log');
  });

  it.each([
    [{}, /needs a value for \{id\}/],
    [{ id: null }, /needs a value for \{id\}/],
    [{ id: '' }, /cannot stand for \{id\}/],
    [{ id: 'a.b' }, /cannot stand for \{id\}/],
    [{ id: '*' }, /cannot stand for \{id\}/],
    [{ id: 'x\r\nPUB y 0' }, /cannot stand for \{id\}/],
    [{ id: 'a', other: 'b' }, /has no token \{other\}/],
  ])('is refused for the values %j', (params, message) => {
    expect(() => eventSubject(OrderPlaced, params)).toThrow(message);
  });

  it('of an event with a wildcard is refused', () => {
    expect(() => eventSubject(Everything)).toThrow(/may not contain ">"/);
    expect(() => eventSubject(event('orders.{id}.*', 'unchecked'), { id: '1' })).toThrow(/may not contain "\*"/);
  });
});

describe('the codec of an event', () => {
  it('writes what is valid, and reads it as an instance, unknown properties removed', async () => {
    const codec = eventCodecOf(OrderPlaced);
    const body = await codec.encode({ id: 'o-1', quantity: 2, secret: 'x' });
    const order = await codec.decode(body);
    expect(order).toBeInstanceOf(Order);
    expect(order).toEqual({ id: 'o-1', quantity: 2 });
  });

  it('refuses what is not valid with the violations, both ways', async () => {
    const codec = eventCodecOf(OrderPlaced);
    const expected = {
      code: 400,
      description: 'validation failed',
      data: [{ path: 'quantity', constraints: { min: 'quantity must not be less than 1' } }],
    };
    await expect(codec.encode({ id: 'o-1', quantity: 0 })).rejects.toMatchObject(expected);
    await expect(codec.decode(Buffer.from('{"id":"o-1","quantity":0}'))).rejects.toMatchObject(expected);
    await expect(codec.decode(Buffer.from('{'))).rejects.toMatchObject({
      code: 400,
      description: 'body is not valid JSON',
    });
  });

  it('sends the input of a schema, and returns its output', async () => {
    const codec = eventCodecOf(OrderShipped);
    const body = await codec.encode({ at: new Date(0) });
    expect(Buffer.from(body).toString()).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
    expect(await codec.decode(body)).toEqual({ at: new Date(0), carrier: 'post' });
  });

  it('checks each item of an array of a class', async () => {
    const codec = eventCodecOf(event('orders.batch', [Order]));
    const refused: unknown = await codec
      .encode([{ id: 'a', quantity: 1 }, { id: 'b', quantity: 0 }, 5])
      .catch((error: unknown) => error);
    expect((refused as ServiceError).data).toMatchObject([{ path: '[1].quantity' }, { path: '[2]' }]);
  });

  it.each([
    ['a class', class Bare {}],
    ['an array of a class', [class Bare {}]],
  ])('of %s without validation decorators is refused, with what to do', (_name, type) => {
    expect(() => eventCodecOf(event('bare', type as never))).toThrow(
      new TypeError(
        'event "bare" has the payload class Bare without a single validation decorator, so nothing could be checked and ' +
          'everything would be removed; decorate its properties with class-validator, take a schema (zod, valibot, ' +
          'arktype), or give it its type alone: event(subject, unchecked<Type>())',
      ),
    );
  });

  it('takes an empty body where the class accepts an object without properties, and no other time', async () => {
    class Note {
      @IsOptional() @IsString() text?: string;
    }
    const codec = eventCodecOf(event('note', Note));
    expect(await codec.decode(await codec.encode(undefined))).toEqual(new Note());
    await expect(eventCodecOf(OrderPlaced).encode(undefined)).rejects.toMatchObject({
      code: 400,
      data: [{ path: '', constraints: { isObject: 'payload must be an object' } }],
    });
  });

  it('takes bytes and text as they are', async () => {
    expect(await eventCodecOf(event('raw', Uint8Array)).encode(Buffer.from('x'))).toEqual(Buffer.from('x'));
    const text = eventCodecOf(event('said', String, { codec: 'text' }));
    expect(await text.decode(await text.encode('hello'))).toBe('hello');
  });

  it('a codec of the user that throws at a body makes a 400', async () => {
    const broken = {
      name: 'broken',
      decode: () => {
        throw new Error('no');
      },
      encode: () => 'x',
    };
    const codec = eventCodecOf(event('odd', 'unchecked', { codec: broken }));
    await expect(codec.decode(Buffer.from('x'))).rejects.toMatchObject({
      code: 400,
      description: 'body is not valid broken',
    });
  });
});

describe('a body that nobody may read carelessly', () => {
  const refused = (received: Event, body: Uint8Array | string): Promise<unknown> =>
    eventCodecOf(received)
      .decode(Buffer.from(body))
      .then(
        (value) => ({ read: value }),
        (error: unknown) => error,
      );

  it('is refused before it is validated, where that would hold up everybody else', async () => {
    const validated: unknown[] = [];
    class Line {
      @ValidateBy({ name: 'seen', validator: { validate: (value) => validated.push(value) > 0 } }) text!: string;
    }
    const body = JSON.stringify(Array(9_000).fill({ text: 'a line of an order, as long as it is' }));
    expect(await refused(event('lines', [Line]), body)).toMatchObject({
      code: 400,
      description: expect.stringContaining('body holds more than 15000 values that have to be validated') as string,
    });
    expect(validated).toEqual([]);
  });

  it.each([
    ['deeper than JSON may nest', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'body nests deeper than 100 levels'],
    [
      'with more values than JSON may hold',
      JSON.stringify(Array(100_001).fill(0)),
      'body holds more than 100000 values',
    ],
    ['that is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'body is not UTF-8'],
  ])('%s is refused', async (_name, body, description) => {
    expect(await refused(event('any', 'unchecked'), body)).toMatchObject({ code: 400, description });
  });

  it('that is not UTF-8 is refused with codec "text"', async () => {
    const said = event('said', String, { codec: 'text' });
    expect(await refused(said, Buffer.from([0xff]))).toMatchObject({ code: 400, description: 'body is not UTF-8' });
  });

  it.each(['{"a":{"__proto__":{"admin":true},"b":1}}', '{"a":{"constructor":{"prototype":{"admin":true}},"b":1}}'])(
    'loses the keys of %s that could reach a prototype',
    async (body) => {
      const value = (await eventCodecOf(event('any', 'unchecked')).decode(Buffer.from(body))) as { a: object };
      expect(Object.keys(value.a)).toEqual(['b']);
    },
  );
});

describe('an array of a primitive', () => {
  const Tags = event('tags', [String]);

  it('is published and read', async () => {
    const codec = eventCodecOf(Tags);
    expect(await codec.decode(await codec.encode(['a', 'b']))).toEqual(['a', 'b']);
  });

  it('is refused with the place of what is something else', async () => {
    await expect(eventCodecOf(Tags).encode(['a', 5])).rejects.toMatchObject({
      code: 400,
      data: [{ path: '[1]', constraints: { type: 'item must be a string' } }],
    });
  });
});

describe('a codec of the user', () => {
  const codecOf = (decode: () => unknown, encode: () => unknown) =>
    eventCodecOf(event('odd', 'unchecked', { codec: { name: 'odd', decode, encode: encode as () => string } }));

  it('that is asynchronous is refused, and what it rejects with ends nothing', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const reject = () => Promise.reject(new Error('late'));
    await expect(codecOf(reject, reject).decode(Buffer.from('x'))).rejects.toThrow(
      new TypeError('codec "odd" decoded to a promise; make decode() synchronous'),
    );
    await expect(codecOf(reject, reject).encode({})).rejects.toThrow(
      new TypeError('codec "odd" encoded to a promise; make encode() synchronous'),
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('whose length property lies is sent by its real length', async () => {
    class Liar extends Uint8Array {
      override get length(): number {
        return 3;
      }
    }
    const body = await codecOf(
      () => undefined,
      () => new Liar([1, 2, 3, 4, 5]),
    ).encode({});
    expect(body).toHaveLength(5);
  });
});

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_T extends true>(): void => undefined;

/** Never runs: it only has to compile, and what is marked must not. */
export async function typeTests(publisher: EventPublisher): Promise<void> {
  holds<Equal<Received<typeof OrderPlaced>, Order>>();
  holds<Equal<Received<typeof OrderShipped>, { at: Date; carrier: string }>>();
  holds<Equal<Received<typeof Audit>, { who: string }>>();
  holds<Equal<Received<typeof OrderPlaced | typeof Audit>, Order | { who: string }>>();
  holds<Equal<Sent<typeof OrderShipped>, { at: unknown; carrier?: string | undefined }>>();
  holds<Equal<ParamsOf<typeof OrderPlaced>, { readonly id: string }>>();
  holds<Equal<keyof ParamsOf<typeof Audit>, never>>();

  await publisher.publish(OrderPlaced, { id: 'a', quantity: 1 }, { params: { id: 5 } });
  await publisher.publish(Audit, { who: 'me' });
  await publisher.publish(Audit, { who: 'me' }, { headers: { A: ['b'] } });
  // @ts-expect-error params are missing
  await publisher.publish(OrderPlaced, { id: 'a', quantity: 1 });
  // @ts-expect-error a token has another name
  await publisher.publish(OrderPlaced, { id: 'a', quantity: 1 }, { params: { order: 'a' } });
  // @ts-expect-error a token is not an object
  await publisher.publish(OrderPlaced, { id: 'a', quantity: 1 }, { params: { id: {} } });
  // @ts-expect-error a field is missing
  await publisher.publish(OrderPlaced, { id: 'a' }, { params: { id: 'a' } });
  // @ts-expect-error another type
  await publisher.publish(Audit, { who: 5 });
  // @ts-expect-error the event has no named tokens
  await publisher.publish(Audit, { who: 'me' }, { params: { id: 'a' } });
  // @ts-expect-error a wildcard cannot be published to
  await publisher.publish(Everything, {});
  // @ts-expect-error no event type
  event('a', 5);

  const anyEvent: Event = OrderPlaced;
  await publisher.publish(anyEvent, {}, { params: { id: 'a' } });

  const _Query = z.object({ limit: z.number().default(10) });
  holds<Equal<SentPayload<Payload<typeof _Query>>, { limit?: number | undefined }>>();
  holds<Equal<SentPayload<Order>, Order>>();
  holds<Equal<Payload<typeof _Query>['limit'], number>>();

  interface Reply {
    readonly at: Date;
    tags: readonly string[];
    nested?: { when: Date | undefined };
    greet(): string;
    bytes: Uint8Array;
  }
  holds<Equal<Serialized<Date>, string>>();
  holds<Equal<Serialized<Reply>['at'], string>>();
  holds<Equal<Serialized<Reply>['tags'], string[]>>();
  holds<Equal<NonNullable<Serialized<Reply>['nested']>, { when: string | undefined }>>();
  holds<Equal<Serialized<Reply>['bytes'], Uint8Array>>();
  holds<Equal<Serialized<[Date, number]>, [string, number]>>();
  holds<Equal<Serialized<unknown>, unknown>>();
  holds<Equal<Serialized<void>, void>>();
  holds<Equal<Serialized<number | Date>, number | string>>();
  // @ts-expect-error a method does not travel
  type Greet = Serialized<Reply>['greet'];
  holds<Equal<Greet, Greet>>();
}
