import { ServiceClient } from '@natsmith/client';
import { Endpoint, Group, only, Service, ServiceError, Subscribe, type RequestContext } from '@natsmith/core';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { IsNumber, IsString } from 'class-validator';
import { lastValueFrom, of, throwError, toArray, concatMap, delay, type Observable } from 'rxjs';
import type { Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { until } from '#test/until';
import { NestClient, NestEndpoint, nestEvent, nestReplies } from '../src/bridge';

class Operands {
  @IsNumber() a!: number;
  @IsNumber() b!: number;
}
class Placed {
  @IsString() id!: string;
}

const OrderPlaced = nestEvent('order.{shop}.placed', Placed);
const OrderShipped = nestEvent({ event: 'shipped' }, Placed);
const seen: unknown[] = [];

const authenticate = only('endpoint', () => {
  throw new ServiceError(401, 'who are you?');
});

// #region moved
@Service({ name: 'math', version: '1.0.0' })
class Math {
  @NestEndpoint('math.add', { response: Number })
  add({ a, b }: Operands): number {
    return a + b;
  }

  @NestEndpoint({ cmd: 'divide' })
  divide({ a, b }: Operands): number {
    if (b === 0) throw new ServiceError(422, 'division by zero', { data: { a } });
    return a / b;
  }
  // #endregion

  @NestEndpoint('math.count', { request: Number })
  async *count(to: number): AsyncGenerator<number> {
    for (let n = 1; n <= to; n++) yield n;
    if (to === 5) throw new ServiceError(416, 'that is too far');
  }

  @NestEndpoint('math.nothing')
  nothing(): void {}

  @NestEndpoint('math.broken')
  broken(): never {
    throw new Error('the password is 1234');
  }

  @NestEndpoint('math.map', { request: String })
  map(where: string): Map<string, number> {
    const map = new Map([['a', 1]]);
    if (where === 'error') throw new ServiceError(409, 'too many', { data: { map } });
    return map;
  }

  @NestEndpoint('math.maps')
  async *maps(): AsyncGenerator<Map<string, number>> {
    yield new Map([['a', 1]]);
  }

  @NestEndpoint('math.echo', { request: 'unchecked' })
  echo(payload: unknown): unknown {
    return payload;
  }

  @Subscribe([OrderPlaced, OrderShipped])
  placed(order: Placed): void {
    seen.push(order);
  }
}

@Controller()
class Users {
  @MessagePattern('users.find') find(@Payload() { id }: { id: string }): object {
    if (id === 'nobody') throw new RpcException({ statusCode: 404, message: 'no such user', id });
    if (id === 'broken') throw new Error('the password is 1234');
    return { id, name: 'Ann' };
  }
  @MessagePattern({ cmd: 'users.names' }) names(): Observable<string> {
    return of('Ann', 'Bob', 'Cid').pipe(concatMap((name) => of(name).pipe(delay(1))));
  }
  @MessagePattern('users.failing') failing(): Observable<string> {
    return throwError(() => new RpcException('out of order'));
  }
  @MessagePattern('users.nothing') nothing(): void {}

  @EventPattern('order.*.placed') placed(@Payload() order: unknown): void {
    seen.push({ nest: order });
  }
  @EventPattern({ event: 'shipped' }) shipped(@Payload() order: unknown): void {
    seen.push({ nest: order });
  }
}

@Module({ controllers: [Users] })
class UsersModule {}

onEachServerAndClient((server, library) => {
  const { start } = useHosts();
  let nest: INestMicroservice;
  let proxy: ClientProxy;
  let client: ServiceClient<Connection>;
  let bridge: NestClient;

  beforeAll(async () => {
    // The server may stop before they are closed, and what is still connecting keeps the process.
    const options = { transport: Transport.NATS, options: { servers: server.url, reconnect: false } } as const;
    nest = await NestFactory.createMicroservice<MicroserviceOptions>(UsersModule, { ...options, logger: false });
    await nest.listen();
    proxy = ClientProxyFactory.create(options);
    await proxy.connect();
    // Subscribed at the server, too.
    await nest.unwrap<{ flush(): Promise<void> }>().flush();
  });
  afterAll(async () => {
    await proxy?.close();
    await nest?.close();
  });
  beforeEach(async () => {
    seen.length = 0;
    const connection = await library.connect();
    client = new ServiceClient(connection);
    bridge = new NestClient(client);
    await start(Math, { connection });
  });

  const send = (pattern: unknown, data: unknown): Promise<unknown> =>
    lastValueFrom(proxy.send(pattern, data), { defaultValue: 'none' });

  async function eventually(count: number): Promise<unknown[]> {
    await until(() => seen.length >= count);
    return seen;
  }

  describe("Nest's client calls a service of natsmith", () => {
    test('by a string and by an object', async () => {
      expect(await send('math.add', { a: 1, b: 2 })).toBe(3);
      expect(await send({ cmd: 'divide' }, { a: 6, b: 3 })).toBe(2);
    });

    test('and gets what a handler that returns nothing returns in Nest', async () => {
      expect(await send('math.nothing', {})).toBe('none');
    });

    test('and gets the errors of the service', async () => {
      await expect(send({ cmd: 'divide' }, { a: 1, b: 0 })).rejects.toEqual({
        status: 'error',
        code: 422,
        message: 'division by zero',
        data: { a: 1 },
      });
    });

    test('and its payload is validated', async () => {
      await expect(send('math.add', { a: 1 })).rejects.toMatchObject({ code: 400, data: [{ path: 'b' }] });
    });

    test('and hears nothing of what went wrong inside', async () => {
      await expect(send('math.broken', {})).rejects.toEqual({ status: 'error', code: 500, message: 'internal error' });
    });

    test('and hears of a reply, an item or the data of an error that has no JSON form', async () => {
      const refusal = { status: 'error', code: 500 };
      await expect(send('math.map', 'reply')).rejects.toEqual({ ...refusal, message: 'reply cannot be encoded' });
      await expect(send('math.map', 'error')).rejects.toEqual({ ...refusal, message: 'reply cannot be encoded' });
      const items = lastValueFrom(proxy.send('math.maps', {}).pipe(toArray()));
      await expect(items).rejects.toEqual({ ...refusal, message: 'item cannot be encoded' });
    });

    test('and gets the errors of all middleware, where nestReplies stands first', async () => {
      @Service({ name: 'guarded', version: '1.0.0' })
      class Guarded {
        @NestEndpoint('guarded.door') door(): void {}
      }
      await start(Guarded, { connection: client.connection, use: [nestReplies, authenticate] });
      await expect(send('guarded.door', {})).rejects.toEqual({ status: 'error', code: 401, message: 'who are you?' });
    });

    test('and reads a stream as an Observable', async () => {
      expect(await lastValueFrom(proxy.send('math.count', 3).pipe(toArray()))).toEqual([1, 2, 3]);
      await expect(lastValueFrom(proxy.send('math.count', 5).pipe(toArray()))).rejects.toMatchObject({ code: 416 });
      const first = lastValueFrom(proxy.send('math.count', 1e9).pipe(toArray()));
      await expect(first).rejects.toMatchObject({ code: 429 });
    });
  });

  describe('a service that has been moved', () => {
    test('answers all other clients in plain JSON', async () => {
      expect(await client.call('math.add', { a: 1, b: 2 })).toBe(3);
      const math = await client.service<{ divide(operands: Operands): number }>('math');
      expect(await math.divide({ a: 6, b: 3 })).toBe(2);
      await expect(math.divide({ a: 1, b: 0 })).rejects.toMatchObject({ code: 422, data: { a: 1 } });
    });

    test('counts errors as errors', async () => {
      await send({ cmd: 'divide' }, { a: 1, b: 0 }).catch(() => undefined);
      const [stats] = await client.stats('math');
      expect(stats?.endpoints.find(({ name }) => name === 'divide')).toMatchObject({
        subject: '{"cmd":"divide"}',
        num_requests: 1,
        num_errors: 1,
        last_error: '422:division by zero',
      });
    });

    test.each<[string, unknown]>([
      ['has other properties', { pattern: 'math.echo', data: 1, id: 'x', more: 1 }],
      ['has a pattern that is none', { pattern: true, data: 1, id: 'x' }],
      ['has an id that is not a string', { pattern: 'math.echo', data: 1, id: 5 }],
      ['has an id of any length', { pattern: 'math.echo', data: 1, id: 'x'.repeat(201) }],
      ['is a list', [{ pattern: 'math.echo', data: 1, id: 'x' }]],
    ])('takes for a payload what %s', async (_, payload) => {
      expect(await client.call('math.echo', payload)).toEqual(payload);
    });

    test('refuses what is not JSON, or nests too deep, as any other endpoint', async () => {
      const deep = `{"pattern":"math.echo","id":"x","data":${'['.repeat(200)}${']'.repeat(200)}}`;
      for (const body of ['{"pattern":', deep])
        await expect(client.call('math.echo', Buffer.from(body))).rejects.toMatchObject({ code: 400 });
    });

    test('drops what could reach a prototype', async () => {
      const body = '{"pattern":"math.echo","id":"x","data":{"__proto__":{"admin":true},"a":1}}';
      const { data } = await client.request<{ response: object }>('math.echo', Buffer.from(body));
      expect(data).toEqual({ response: { a: 1 }, isDisposed: true, id: 'x' });
    });
  });

  describe("natsmith's client calls a service of Nest", () => {
    test('and gets its response', async () => {
      expect(await bridge.send('users.find', { id: '1' })).toEqual({ id: '1', name: 'Ann' });
      expect(await bridge.send('users.nothing', {})).toBeUndefined();
    });

    test('and gets its errors', async () => {
      await expect(bridge.send('users.find', { id: 'nobody' })).rejects.toMatchObject({
        name: 'ServiceError',
        code: 404,
        description: 'no such user',
        data: { statusCode: 404, message: 'no such user', id: 'nobody' },
      });
      await expect(bridge.send('users.find', { id: 'broken' })).rejects.toMatchObject({
        code: 500,
        description: 'Internal server error',
      });
      await expect(bridge.send('users.failing', {})).rejects.toMatchObject({ code: 500, description: 'out of order' });
    });

    test('and reads an Observable, or its first value', async () => {
      const names: string[] = [];
      for await (const name of bridge.stream<string>({ cmd: 'users.names' })) names.push(name);
      expect(names).toEqual(['Ann', 'Bob', 'Cid']);
      expect(await bridge.send({ cmd: 'users.names' })).toBe('Ann');
      await expect(bridge.stream('users.failing').next()).rejects.toMatchObject({ description: 'out of order' });
    });

    test('or one that has been moved, in the same words', async () => {
      expect(await bridge.send('math.add', { a: 1, b: 2 })).toBe(3);
      await expect(bridge.send({ cmd: 'divide' }, { a: 1, b: 0 })).rejects.toMatchObject({
        code: 422,
        description: 'division by zero',
        data: { data: { a: 1 } },
      });
    });

    test('and gets an error when nobody listens', async () => {
      await expect(bridge.send('users.none', {})).rejects.toMatchObject({ code: 503 });
      await expect(bridge.stream('users.none').next()).rejects.toThrow('nobody answered on users.none');
    });

    test('an error that a handler lets through is a 502 to its caller', async () => {
      @Service({ name: 'front', version: '1.0.0' })
      @Group('front')
      class Front {
        @Endpoint({ request: 'unchecked' })
        async find(id: string, ctx: RequestContext): Promise<unknown> {
          return new NestClient(client.with(ctx)).send('users.find', { id });
        }
      }
      await start(Front, { connection: client.connection });
      expect(await client.call('front.find', '1')).toEqual({ id: '1', name: 'Ann' });
      await expect(client.call('front.find', 'nobody')).rejects.toMatchObject({ code: 502, data: undefined });
    });
  });

  describe('what a peer answers that is not an envelope of Nest', () => {
    const answer = async (body: string): Promise<unknown> => {
      const subscription = client.connection.subscribe('peer', {
        callback: (_: unknown, message: { respond(data: Uint8Array): boolean }) =>
          void message.respond(Buffer.from(body)),
      });
      await client.connection.flush();
      try {
        return await bridge.send('peer', {});
      } finally {
        subscription.unsubscribe();
      }
    };

    test('is the response itself, as for the client of Nest', async () => {
      expect(await answer('{"a":1}')).toEqual({ a: 1 });
      expect(await answer('[1]')).toEqual([1]);
      expect(await answer('')).toBeUndefined();
    });

    test('is refused where it cannot be read, or answers another request', async () => {
      await expect(answer('{"response":')).rejects.toThrow('the reply on peer cannot be read');
      await expect(answer(`{"response":${'['.repeat(300)}1${']'.repeat(300)}}`)).rejects.toThrow('cannot be read');
      await expect(answer('{"response":1,"id":"another"}')).rejects.toThrow('answers another request');
    });

    test('has no power over the error that it becomes', async () => {
      const err = { message: 'a\r\nb', code: '500', status: 99, statusCode: 1e9, __proto__: { admin: true } };
      await expect(answer(JSON.stringify({ err }))).rejects.toMatchObject({ code: 500, description: 'a b' });
      await expect(answer('{"err":{"toString":1,"message":{}}}')).rejects.toMatchObject({ description: 'error' });
      await expect(answer(JSON.stringify({ err: 'x'.repeat(10_000) }))).rejects.toMatchObject({
        description: `${'x'.repeat(1023)}…`,
      });
    });
  });

  describe('events', () => {
    test("of Nest's client reach @Subscribe, and those of Nest @EventPattern", async () => {
      await lastValueFrom(proxy.emit('order.oslo.placed', { id: '7', more: true }));
      expect(await eventually(2)).toEqual(
        expect.arrayContaining([expect.objectContaining({ id: '7' }), { nest: { id: '7', more: true } }]),
      );
      expect(seen.find((one) => one instanceof Placed)).toEqual({ id: '7' });
    });

    test('of natsmith reach @EventPattern and @Subscribe, with objects as patterns too', async () => {
      await client.publish(OrderPlaced, { id: '8' }, { params: { shop: 'oslo' } });
      await client.publish(OrderShipped, { id: '9' });
      expect(await eventually(4)).toEqual(
        expect.arrayContaining([{ id: '8' }, { nest: { id: '8' } }, { id: '9' }, { nest: { id: '9' } }]),
      );
    });

    test('are emitted without a type', async () => {
      await bridge.emit({ event: 'shipped' }, { id: '10' });
      expect(await eventually(2)).toEqual(expect.arrayContaining([{ id: '10' }, { nest: { id: '10' } }]));
    });

    test('are read by client.subscribe', async () => {
      const events = client.subscribe(OrderPlaced);
      await client.connection.flush();
      await lastValueFrom(proxy.emit('order.oslo.placed', { id: '11' }));
      expect((await events.next()).value).toMatchObject({ payload: { id: '11' }, params: { shop: 'oslo' } });
      await events.return!();
    });
  });
});
