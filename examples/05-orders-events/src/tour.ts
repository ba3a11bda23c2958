import { ServiceClient } from '@natsmith/client';
import { NatsServiceFactory } from '@natsmith/core';
import { type DeadLetter, DeadLetterBox } from '@natsmith/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import { Mailer } from './mailer.service';
import { openShop } from './open-shop';
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
}

/** Opens a shop with a mailer, places orders, and tells what has become of their events. */
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
    return { mails: mailer.sent, deadLetters };
  } finally {
    await client.close();
    for (const host of hosts.reverse()) await host.stop();
  }
}
