import { openSync, writeSync } from 'node:fs';
import { NatsServiceFactory, Service } from '@natsmith/core';
import { Schedule, type ScheduleContext } from '@natsmith/jetstream';
import { io, ready, subject as file } from './process';

const notes = openSync(file, 'a');

@Service({ name: 'scheduled', version: '1.0.0' })
class Scheduled {
  @Schedule('* * * * * *') async second(_: undefined, { scheduledAt, attempt }: ScheduleContext): Promise<void> {
    writeSync(notes, `begun ${scheduledAt.getTime()} ${attempt} ${process.pid}\n`);
    await io();
    writeSync(notes, `ended ${scheduledAt.getTime()} ${attempt} ${process.pid}\n`);
  }
}

async function main(): Promise<void> {
  await NatsServiceFactory.create(Scheduled, { logger: false });
  ready();
}

void main();
