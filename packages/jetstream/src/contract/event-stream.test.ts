import 'reflect-metadata';
import { IsString } from 'class-validator';
import { event, type Event } from '@natsmith/protocol';
import { declaredStreams, eventStream, type EventStream } from '../index';
import { deadLetterStream } from './dead-letter';

class Order {
  @IsString() id!: string;
}
const OrderPlaced = event('orders.{id}.placed', Order);
const OrderShipped = event('orders.{id}.shipped', Order);

describe('a stream', () => {
  it('stores the subjects of its events, with a wildcard for each named token', () => {
    const stream = eventStream('ORDERS', { events: [OrderPlaced, OrderShipped], maxAge: '7d' });
    expect(stream).toMatchObject({ name: 'ORDERS', subjects: ['orders.*.placed', 'orders.*.shipped'] });
    expect(Object.isFrozen(stream)).toBe(true);
  });

  it("is among the declared ones, whatever its name, and those of natsmith's own are not", () => {
    const before = declaredStreams();
    const own = deadLetterStream(['dead']);
    const streams = ['SCHEDULES', 'DEAD_LETTERS'].map((name) => eventStream(name, { subjects: ['a'] }));
    expect(before.filter(({ name }) => name === 'SCHEDULES')).toEqual([]);
    expect(declaredStreams()).toEqual([...before, ...streams]);
    expect(declaredStreams()).not.toContain(own);
  });

  it('names a subject once when a wider one covers it', () => {
    expect(eventStream('ORDERS', { events: [OrderPlaced], subjects: ['orders.>'] }).subjects).toEqual(['orders.>']);
  });

  it.each([
    ['a b', { subjects: ['a'] }, /name "a b" may hold only letters/],
    ['A', {}, /needs at least one event or subject/],
    ['A', undefined, /needs \{ events/],
    ['A', { subjects: ['a b'] }, /subject "a b" holds white space/],
    ['A', { subjects: ['a.{id}'] }, /subject/],
    ['A', { events: [undefined] }, /must be an array of events/],
    ['A', { subjects: ['a.*', '*.b'] }, /"a.\*" and "\*.b" overlap/],
    ['A', { subjects: ['a'], maxAge: '7 days' }, /maxAge must be a positive duration/],
    ['A', { subjects: ['a'], replicas: 0 }, /"replicas" that must be a whole number from 1 to 5, got 0/],
    [
      'A',
      { subjects: ['a'], retention: 'queue' },
      /"retention" that must be "limits", "workqueue" or "interest", got "queue"/,
    ],
    ['A', { subjects: ['a'], maxBytes: '5' }, /"maxBytes" that must be a whole number, 1 or more, got "5"/],
    ['A', 'orders.>', /needs \{ events: \[\.\.\.\] \} or \{ subjects: \[\.\.\.\] \}, got "orders\.>"/],
    ['A', { subjects: ['a'], maxage: 5 }, /stream "A" has an unknown option "maxage"; did you mean "maxAge"\?/],
  ])('%j with %j is refused', (name, options, message) => {
    expect(() => eventStream(name, options as never)).toThrow(message);
  });
});

/** Never runs: it only has to compile. */
export function typeTests(): void {
  const stream = eventStream('ORDERS', { events: [OrderPlaced] });
  const _same: EventStream<typeof OrderPlaced> = stream;
  // @ts-expect-error another event
  const _other: EventStream<typeof OrderShipped> = stream;
  const _any: EventStream<Event> = eventStream('ALL', { subjects: ['orders.>'] });
}
