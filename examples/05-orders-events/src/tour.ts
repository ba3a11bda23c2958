import { ServiceClient } from '@natsmith/client';
import { NatsServiceFactory, ServiceError } from '@natsmith/core';
import { type DeadLetter, DeadLetterBox, KeyValueStore, ScheduleBook } from '@natsmith/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import { Mailer } from './mailer.service';
import { openShop } from './open-shop';
import type { Line, Reporter } from './reporter.service';
import { LimitOf, Settings } from './settings';
import type { Shop } from './shop.service';

const ORDERS = [
  { article: 'tea', quantity: 2 },
  { article: 'cup', quantity: 1 },
  { article: 'poison', quantity: 1 },
  { article: 'pot', quantity: 3 },
];

/** What {@link tour} saw. */
export interface Seen {
  readonly mails: readonly string[];
  readonly deadLetters: readonly DeadLetter[];
  readonly report: readonly Line[];
}

/**
 * Opens a shop with a mailer, places orders, and tells what has become of their events; then changes a setting, and has
 * the nightly report made now.
 */
export async function tour(url: string, file: string, say: (line: string) => void = console.log): Promise<Seen> {
  const mailer = new Mailer();
  const hosts = [
    await openShop(file, url),
    await NatsServiceFactory.create(mailer, { connection: { servers: url }, signals: false }),
  ];
  const client = await ServiceClient.connect({ connection: { servers: url } });
  try {
    const shop = await client.service<Shop>('shop', { version: '^1.0.0' });
    for (const order of ORDERS) say(`placed ${(await shop.order(order)).id}: ${order.quantity} x ${order.article}`);

    const box = new DeadLetterBox(client.connection);
    const deadLetters: DeadLetter[] = [];
    for (let i = 0; i < 200 && (mailer.sent.length < 3 || deadLetters.length === 0); i++) {
      await delay(25);
      deadLetters.length = 0;
      for await (const letter of box.list()) deadLetters.push(letter);
    }
    say('\nthe mailer has mailed');
    for (const mail of mailer.sent) say(`  ${mail}`);
    say('\nand given up, which "natsmith dead ls" shows, too');
    for (const { id, subject, attempts, code, description } of deadLetters)
      say(`  letter ${id}: ${subject} after ${attempts} attempts: ${code} ${description}`);

    await new KeyValueStore(client.connection, Settings).put(LimitOf, { most: 1 }, { params: { article: 'pot' } });
    const refusal = await refused(() => shop.order({ article: 'pot', quantity: 3 }));
    say(`\nwith a limit in the bucket: ${refusal.code} ${refusal.description}`);

    await new ScheduleBook(client.connection).run('reporter', 'nightly');
    const reporter = await client.service<Reporter>('reporter');
    let report = await reporter.reports();
    for (let i = 0; i < 200 && report.length === 0; i++) {
      await delay(25);
      report = await reporter.reports();
    }
    say('\nthe nightly report, made by day');
    for (const { article, quantity } of report) say(`  ${quantity} x ${article}`);
    return { mails: mailer.sent, deadLetters, report };
  } finally {
    await client.close();
    for (const host of hosts.reverse()) await host.stop();
  }
}

/** Orders until the shop has heard of the limit. */
async function refused(order: () => Promise<unknown>): Promise<ServiceError> {
  for (;;)
    try {
      await order();
      await delay(10);
    } catch (error) {
      if (error instanceof ServiceError) return error;
      throw error;
    }
}
