import { openSync, writeSync } from 'node:fs';
import { connect as connect3 } from '@nats-io/transport-node';
import { NatsServiceFactory, Service, unchecked } from '@natsmith/core';
import { bucket, key, Watch, type WatchContext } from '@natsmith/jetstream';
import { connect as connect2 } from 'nats';
import { ready, subject as file, url, variant } from './process';

const Flag = key('flags.{name}', unchecked<number>());
const Limit = key('limits.{name}', unchecked<number>());
const Config = bucket('config', { keys: [Flag, Limit] });

/** What the watches were told, a line for each change. */
const notes = openSync(file, 'a');

function note(value: number | undefined, { key, revision }: WatchContext): void {
  writeSync(notes, `${key} ${revision} ${value ?? 'gone'}\n`);
}

@Service({ name: 'watcher', version: '1.0.0' })
class Watcher {
  @Watch(Config, Flag) flags(value: number | undefined, ctx: WatchContext<typeof Flag>): void {
    note(value, ctx);
  }

  @Watch(Config, Limit) async limits(value: number | undefined, ctx: WatchContext<typeof Limit>): Promise<void> {
    await Promise.resolve();
    note(value, ctx);
  }
}

async function main(): Promise<void> {
  const options = { servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 };
  const connection = variant === 'nats 2' ? await connect2(options) : await connect3(options);
  await NatsServiceFactory.create(Watcher, { logger: false, connection });
  ready();
}

void main();
