import { openSync, writeSync } from 'node:fs';
import { event, NatsServiceFactory, Service, unchecked } from '@natsmith/core';
import { Consume, eventStream, type ConsumerContext } from '@natsmith/jetstream';
import { io, ready, subject as file, variant } from './process';

export interface Job {
  n: number;
}

/** The number of the job that kills the process of a worker which is not healed of that. */
export const POISON = 666;

const Work = event('jobs.{n}', unchecked<Job>());
const Jobs = eventStream('JOBS', { events: [Work] });

/** What a worker has handled, a line for each: written at once, so that it is there when the process is killed. */
const notes = openSync(file, 'a');

function note(line: string): void {
  writeSync(notes, `${line}\n`);
}

@Service({ name: 'worker', version: '1.0.0' })
class Worker {
  @Consume(Jobs, Work, { concurrency: 32 }) async work({ n }: Job): Promise<void> {
    await io();
    note(String(n));
  }
}

/** Dies of one job, until it is healed. */
@Service({ name: 'fragile', version: '1.0.0' })
class Fragile {
  @Consume(Jobs, Work, { retry: { attempts: 1 }, ackWait: '500ms' })
  work({ n }: Job, { attempt }: ConsumerContext): void {
    note(`${n} ${attempt}`);
    if (n === POISON && variant === 'fragile') process.kill(process.pid, 'SIGKILL');
  }

  /** Is not to see the job again that the other one buried. */
  @Consume(Jobs, Work) audit({ n }: Job): void {
    note(`audit ${n}`);
  }
}

async function main(): Promise<void> {
  const started = performance.now();
  await NatsServiceFactory.create(variant === 'worker' ? Worker : Fragile, { logger: false });
  ready({ bootstrap: performance.now() - started });
}

void main();
