import 'reflect-metadata';
import { event, type EventPublisher } from '@natsmith/protocol';
import { type PublishedEvent, RecordingPublisher } from '@natsmith/testing';
import { IsInt, IsString, Min } from 'class-validator';
import { z } from 'zod';

class Order {
  @IsString() id!: string;
  @IsInt() @Min(1) quantity!: number;
}
const OrderPlaced = event('orders.{id}.placed', Order);
const OrderShipped = event('orders.shipped', z.object({ at: z.coerce.date(), carrier: z.string().default('post') }));
const Everything = event('orders.>', 'unchecked');

const order = { id: 'o-1', quantity: 2 };

describe('a recording publisher', () => {
  it('remembers what was published, as subscribers would get it', async () => {
    const publisher = new RecordingPublisher();
    await publisher.publish(OrderPlaced, order, { params: { id: 7 }, headers: { Tenant: ['a', 'b'] } });
    await publisher.publish(OrderShipped, { at: '1970-01-01T00:00:00Z' });

    const [placed] = publisher.published(OrderPlaced);
    expect(placed).toMatchObject({
      event: OrderPlaced,
      subject: 'orders.7.placed',
      params: { id: '7' },
      payload: order,
    });
    expect(placed!.payload).toBeInstanceOf(Order);
    expect(placed!.headers.getAll('Tenant')).toEqual(['a', 'b']);
    expect(publisher.published(OrderShipped)).toMatchObject([{ payload: { at: new Date(0), carrier: 'post' } }]);
    expect(publisher.published().map(({ subject }) => subject)).toEqual(['orders.7.placed', 'orders.shipped']);
  });

  it('remembers what a payload was when it was published', async () => {
    const publisher = new RecordingPublisher();
    const changing = { ...order };
    await publisher.publish(OrderPlaced, changing, { params: { id: 'o-1' } });
    changing.quantity = 9;
    expect(publisher.published(OrderPlaced)[0]!.payload.quantity).toBe(2);
  });

  it('refuses what a real publisher refuses, and does not remember it', async () => {
    const publisher = new RecordingPublisher();
    const params = { id: 'o-1' };
    await expect(publisher.publish(OrderPlaced, { ...order, quantity: 0 }, { params })).rejects.toMatchObject({
      code: 400,
      data: [{ path: 'quantity', constraints: { min: 'quantity must not be less than 1' } }],
    });
    await expect(publisher.publish(OrderPlaced, order, { params: { id: 'a.b' } })).rejects.toThrow(
      /cannot stand for \{id\}/,
    );
    await expect(publisher.publish(OrderPlaced, order, { params, headers: { A: 'x\r\ny' } })).rejects.toThrow(
      /contains a line break/,
    );
    // @ts-expect-error a wildcard cannot be published to
    await expect(publisher.publish(Everything, order)).rejects.toThrow(/may not contain ">"/);
    expect(publisher.published()).toEqual([]);
  });

  it('carries on the trace of a request, but where the event has a header of its own', async () => {
    const publisher = new RecordingPublisher();
    const incoming = new Map([
      ['traceparent', 'of the request'],
      ['baggage', 'tenant=a'],
      ['Authorization', 'secret'],
    ]);
    const ofRequest = publisher.with({ headers: incoming });
    await ofRequest.publish(OrderPlaced, order, { params: { id: '1' }, headers: { baggage: 'tenant=b' } });
    await ofRequest.with({ headers: new Map() }).publish(OrderPlaced, order, { params: { id: '2' } });

    const [first, second] = publisher.published(OrderPlaced);
    expect(first!.headers.keys()).toEqual(['traceparent', 'baggage']);
    expect(first!.headers.getAll('baggage')).toEqual(['tenant=b']);
    expect(second!.headers.keys()).toEqual([]);
  });

  it('forgets', async () => {
    const publisher = new RecordingPublisher();
    await publisher.publish(OrderPlaced, order, { params: { id: '1' } });
    publisher.clear();
    expect(publisher.published()).toEqual([]);
  });
});

/** Never runs: it only has to compile, and what is marked must not. */
export async function typeTests(publisher: RecordingPublisher): Promise<void> {
  const anywhere: EventPublisher = publisher;
  await anywhere.with({ headers: new Map<string, string>() }).publish(OrderPlaced, order, { params: { id: 1 } });
  const placed: readonly PublishedEvent<typeof OrderPlaced>[] = publisher.published(OrderPlaced);
  const { params, payload } = placed[0]!;
  const both: [string, number] = [params.id, payload.quantity];
  // @ts-expect-error the event has no such token
  void params.order;
  // @ts-expect-error a payload is not taken for another one
  const shipped: { at: Date } = payload;
  // @ts-expect-error params are missing
  await publisher.publish(OrderPlaced, order);
  return void [both, shipped];
}
