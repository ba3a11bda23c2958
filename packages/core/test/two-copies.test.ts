import type * as Core from '@natsmith/core';
import { event, NatsServiceFactory, Service, ServiceError } from '@natsmith/core';
import { IsInt } from 'class-validator';
import { connect, type NatsConnection } from 'nats';
import { onEachServer } from '#test/matrix';

// A package of services may come with a copy of natsmith of its own; the host is made by another one.
let other!: typeof Core;
jest.isolateModules(() => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  other = require('@natsmith/core') as typeof Core;
});

class Order {
  @IsInt() total!: number;
}

const Placed = other.event('copies.{id}.placed', Order);
const seen: unknown[] = [];

@Service({ name: 'copies', version: '1.0.0' })
@other.Group('copies')
@other.Use(async (ctx, next) => {
  seen.push(`before ${ctx.kind}`);
  return next();
})
class Copies {
  @other.Subscribe(Placed)
  placed(order: Order, ctx: Core.EventContext<typeof Placed>): void {
    seen.push([order.total, ctx.params.id]);
  }

  @other.Endpoint({ request: Order })
  double({ total }: Order): number {
    if (total < 0) throw new other.ServiceError(422, 'below zero');
    return 2 * total;
  }
}

onEachServer((server) => {
  let nc: NatsConnection;
  beforeEach(async () => {
    seen.length = 0;
    nc = await connect({ servers: server.url });
  });
  afterEach(() => nc.close());

  it('a service that was decorated by another copy of the package runs as one of its own', async () => {
    expect(other.NatsServiceFactory).not.toBe(NatsServiceFactory);
    expect(other.event).not.toBe(event);
    const connection = { servers: server.url };
    const host = await NatsServiceFactory.create(Copies, { connection, logger: false, signals: false });
    try {
      expect((await nc.request('copies.double', '{"total":4}')).json()).toBe(8);
      expect((await nc.request('copies.double', '{"total":-1}')).headers?.get('Nats-Service-Error-Code')).toBe('422');
      expect((await nc.request('copies.double', '{"total":"x"}')).headers?.get('Nats-Service-Error-Code')).toBe('400');
      seen.length = 0;
      nc.publish('copies.7.placed', '{"total":3}');
      nc.publish('copies.8.placed', '{"total":"three"}');
      for (let i = 0; i < 400 && seen.length < 3; i++) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(seen).toEqual(['before event', [3, '7'], 'before event']);
      const [service] = host.services;
      expect(service?.handlers.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['event placed', 'endpoint double']);
    } finally {
      await host.stop();
    }
  });
});

it('errors of the two copies are each instances of the other', () => {
  expect(new other.ServiceError(400, 'x')).toBeInstanceOf(ServiceError);
  expect(new ServiceError(400, 'x')).toBeInstanceOf(other.ServiceError);
});
