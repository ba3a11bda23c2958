import { randomUUID } from 'node:crypto';
import { event, NatsServiceFactory, Service } from '@natsmith/core';
import { Consume, eventStream } from '@natsmith/jetstream';
import { Operands } from '../services/payloads';
import { io, subject, variant } from '../services/process';
import { consumer } from './process';

const Numbers = event(subject, Operands);
const Bench = eventStream('BENCH', { events: [Numbers] });
const durable = randomUUID();

let handled: (sum: number) => void;

@Service({ name: 'bench', version: '1.0.0' })
class Adder {
  @Consume(Bench, Numbers, { durable }) add({ a, b }: Operands): void {
    handled(a + b);
  }
}

@Service({ name: 'bench', version: '1.0.0' })
class WaitingAdder {
  @Consume(Bench, Numbers, { durable, concurrency: 500 }) async add({ a, b }: Operands): Promise<void> {
    await io();
    handled(a + b);
  }
}

@Service({ name: 'bench', version: '1.0.0' })
class SequentialAdder {
  @Consume(Bench, Numbers, { durable }) async add({ a, b }: Operands): Promise<void> {
    await io();
    handled(a + b);
  }
}

const classes: Record<string, new () => object> = { plain: Adder, io: WaitingAdder, 'io-sequential': SequentialAdder };

consumer(async (onHandled) => {
  handled = onHandled;
  await NatsServiceFactory.create(classes[variant] as new () => object, { logger: false });
});
