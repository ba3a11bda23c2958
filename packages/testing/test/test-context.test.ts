import 'reflect-metadata';
import {
  type BaseContext,
  Endpoint,
  type EventContext,
  type Middleware,
  type RequestContext,
  Service,
  ServiceError,
} from '@natsmith/core';
import { event, type EventPublisher, unchecked } from '@natsmith/protocol';
import { RecordingPublisher, testContext } from '@natsmith/testing';
import { IsInt, IsString } from 'class-validator';

// #region service
class Order {
  @IsString() id!: string;
  @IsInt() quantity!: number;
}
const OrderPlaced = event('orders.{id}.placed', Order);

@Service({ name: 'orders', version: '1.0.0' })
class Orders {
  constructor(private readonly events: EventPublisher) {}

  @Endpoint({ subject: 'orders.{id}.place' })
  async place({ quantity }: Order, ctx: RequestContext): Promise<void> {
    const { id } = ctx.params;
    if (id === undefined || ctx.headers.get('Customer') === undefined) throw new ServiceError(401, 'who are you?');
    await this.events.with(ctx).publish(OrderPlaced, { id, quantity }, { params: { id } });
    ctx.replyHeaders.set('Location', `orders.${id}`);
  }
}
// #endregion

// As a package would add it that delivers parcels.
interface ParcelContext extends BaseContext {
  readonly kind: 'parcel';
  readonly attempt: number;
}
declare module '@natsmith/core' {
  interface ContextKinds {
    parcel: ParcelContext;
  }
}

const Anything = event('audit.{area}.>', unchecked<object>());

// #region test
it('an order that is placed reaches everybody', async () => {
  const events = new RecordingPublisher();
  const ctx = testContext({ params: { id: '7' }, headers: { Customer: 'ann' } });

  await new Orders(events).place({ id: '7', quantity: 2 }, ctx);

  expect(ctx.replyHeaders.get('Location')).toBe('orders.7');
  expect(events.published(OrderPlaced)).toMatchObject([{ params: { id: '7' }, payload: { quantity: 2 } }]);
});
// #endregion

it('a handler that refuses a request is called in the same way', async () => {
  const events = new RecordingPublisher();
  const placed = new Orders(events).place({ id: '7', quantity: 2 }, testContext({ params: { id: 7 } }));
  await expect(placed).rejects.toMatchObject({ code: 401 });
  expect(events.published()).toEqual([]);
});

describe('the context of a request', () => {
  it('has a default for all that is left out', () => {
    const ctx = testContext();
    expect(ctx).toMatchObject({
      kind: 'endpoint',
      subject: 'test',
      params: {},
      service: { name: 'test', version: '0.0.0', id: 'test' },
      endpoint: { name: 'test', subject: 'test', queueGroup: 'q' },
      handler: { name: 'test', subject: 'test', queueGroup: 'q', metadata: {} },
      deadline: undefined,
      message: undefined,
    });
    expect([ctx.headers.keys(), ctx.replyHeaders.keys(), ctx.state.size]).toEqual([[], [], 0]);
    expect([ctx.signal.aborted, ctx.stopping.aborted]).toEqual([false, false]);
  });

  it('has the values of the named tokens in its subject', () => {
    const ctx = testContext({ subject: 'orders.{id}.get', params: { id: 7 } });
    expect(ctx).toMatchObject({ subject: 'orders.7.get', params: { id: '7' }, endpoint: { subject: 'orders.*.get' } });
  });

  it('has what the test sets', () => {
    const stopping = AbortSignal.abort();
    const deadline = new Date();
    const message = {};
    const ctx = testContext({
      headers: { Tag: ['a', 'b'] },
      service: { id: 'me' },
      handler: { name: 'get', queueGroup: '', metadata: { roles: 'admin' } },
      signal: AbortSignal.abort('enough'),
      stopping,
      deadline,
      state: [['user', 'ann']],
      message,
    });
    expect(ctx).toMatchObject({ stopping, deadline, message, service: { name: 'test', id: 'me' } });
    expect(ctx.headers.getAll('Tag')).toEqual(['a', 'b']);
    expect(ctx.endpoint).toEqual({ name: 'get', subject: 'test', queueGroup: '' });
    expect(ctx.handler.metadata).toEqual({ roles: 'admin' });
    expect(ctx.signal.reason).toBe('enough');
    expect(ctx.state.get('user')).toBe('ann');
  });

  it('takes reply headers as a running service does', () => {
    const { replyHeaders } = testContext();
    replyHeaders.set('A', '1');
    replyHeaders.append('A', '2');
    replyHeaders.set('B', '3');
    replyHeaders.delete('B');
    expect(replyHeaders.getAll('A')).toEqual(['1', '2']);
    expect([replyHeaders.has('a'), replyHeaders.has('B')]).toEqual([false, false]);
    expect(() => replyHeaders.set('C', 'x\r\ny')).toThrow(/contains a line break/);
    expect(() => replyHeaders.append('no name', '')).toThrow(/is not a header name/);
  });

  it('ends when the test says so', async () => {
    const error = new ServiceError(499, 'the reader has left');
    const fine = testContext();
    const failed = testContext();
    fine.finish();
    failed.finish(error);
    failed.finish();
    expect(await fine.finished).toEqual({});
    expect(await failed.finished).toEqual({ error });
    const ofEvent = testContext(event('orders.placed', unchecked<object>()));
    ofEvent.finish();
    expect(await ofEvent.finished).toEqual({});
  });

  it('serves middleware, too', async () => {
    const tag: Middleware<'endpoint'> = async (ctx, next) => {
      ctx.replyHeaders.set('Served-By', ctx.service.id);
      return next();
    };
    const ctx = testContext({ service: { id: 'me' } });
    expect(await tag(ctx, () => Promise.resolve('reply'))).toBe('reply');
    expect(ctx.replyHeaders.get('Served-By')).toBe('me');
  });

  it.each([
    [{ subject: 'a.{id}' }, /subject "a.\{id\}" needs a value for \{id\}/],
    [{ subject: 'a.{id}', params: { id: 'x.y' } }, /"x.y" cannot stand for \{id\}/],
    [{ subject: 'a.{id}', params: { id: 'x y' } }, /white space/],
    [{ subject: 'a.*' }, /may not contain "\*"/],
    [{ headers: { A: 'x\ny' } }, /contains a line break/],
  ])('%j is refused: no message has that', (options, message) => {
    expect(() => testContext(options)).toThrow(message);
  });
});

it.each([
  [{ parms: { id: 1 } }, 'testContext() has an unknown option "parms"; did you mean "params"?'],
  [{ signal: {} }, 'testContext() has an option "signal" that must be an AbortSignal, got an object'],
])('a context with %j is refused', (options, message) => {
  expect(() => testContext(options as never)).toThrow(message);
});

describe('the context of an event', () => {
  it('has the subject and the values of the event', () => {
    const ctx = testContext(OrderPlaced, { params: { id: 7 }, headers: { Tag: 'a' } });
    expect(ctx).toMatchObject({
      kind: 'event',
      subject: 'orders.7.placed',
      params: { id: '7' },
      handler: { name: 'test', subject: 'orders.*.placed', queueGroup: 'test-test' },
    });
    expect(ctx.headers.get('Tag')).toBe('a');
    expect(ctx).not.toHaveProperty('replyHeaders');
  });

  it('of a wildcard has the subject that the test sets', () => {
    const ctx = testContext(Anything, { subject: 'audit.shop.sold', params: { area: 'shop' } });
    expect(ctx).toMatchObject({ subject: 'audit.shop.sold', params: { area: 'shop' } });
    expect(() => testContext(Anything, { params: { area: 'shop' } })).toThrow(/may not contain ">"/);
    expect(() => testContext(Anything, { subject: 'x', params: { area: 'shop' } })).toThrow(
      'no event "audit.{area}.>" has the subject "x"',
    );
  });

  it('is refused where an event could not have such values', () => {
    expect(() => testContext(OrderPlaced, { params: { id: 'a.b' } })).toThrow(/cannot stand for \{id\}/);
  });
});

describe('the context of a kind that a package adds', () => {
  it('has what all contexts have, and what the test sets', () => {
    const ctx = testContext({ kind: 'parcel', attempt: 3, subject: 'parcels.{id}', params: { id: 7 } });
    expect(ctx).toMatchObject({
      kind: 'parcel',
      attempt: 3,
      subject: 'parcels.7',
      params: { id: '7' },
      handler: { subject: 'parcels.*', queueGroup: '' },
    });
    expect(ctx).not.toHaveProperty('replyHeaders');
    expect(ctx.signal.aborted).toBe(false);
  });
});

it('an event has the queue group of its @Subscribe handler', () => {
  const options = { params: { id: 7 }, service: { name: 'mailer' }, handler: { name: 'mail' } };
  expect(testContext(OrderPlaced, options).handler.queueGroup).toBe('mailer-mail');
  expect(testContext(OrderPlaced, { ...options, handler: { queueGroup: '' } }).handler.queueGroup).toBe('');
});

/** Never runs: it only has to compile, and what is marked must not. */
export function typeTests(): void {
  const request: RequestContext = testContext({ kind: 'endpoint' });
  const placed: EventContext<typeof OrderPlaced> = testContext(OrderPlaced, { params: { id: 1 } });
  void placed;
  const { params } = testContext(OrderPlaced, { params: { id: 1 } });
  const id: string = params.id;
  testContext(event('plain', Order));
  // @ts-expect-error the event has no such token
  void params.order;
  // @ts-expect-error params are missing
  testContext(OrderPlaced);
  // @ts-expect-error a token has another name
  testContext(OrderPlaced, { params: { order: 'a' } });
  const parcel: ParcelContext = testContext({ kind: 'parcel', attempt: 1 });
  void parcel;
  // @ts-expect-error what is the kind's own is missing
  testContext({ kind: 'parcel' });
  // @ts-expect-error there is no such kind
  testContext({ kind: 'letter' });
  // @ts-expect-error there is no such option
  testContext({ topic: 'x' });
  // @ts-expect-error an event has no reply
  void testContext(OrderPlaced, { params: { id } }).replyHeaders;
  void request;
}
