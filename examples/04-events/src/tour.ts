import { ServiceClient } from '@natsmith/client';
import { type Connection, type FactoryOptions, NatsServiceFactory } from '@natsmith/core';
import { setTimeout as delay } from 'node:timers/promises';
import { OrderPlaced } from './events';
import { Mailer } from './mailer.service';
import { Shop } from './shop.service';

const ORDERS = [
  { article: 'tea', quantity: 2 },
  { article: 'cup', quantity: 1 },
  { article: 'tea', quantity: 3 },
  { article: 'pot', quantity: 1 },
  { article: 'cup', quantity: 4 },
  { article: 'tea', quantity: 1 },
];

/** What {@link tour} saw. */
export interface Seen {
  /** Of each mailer. */
  readonly mailers: readonly Mailer[];
  /** What was told. */
  readonly lines: readonly string[];
}

/** Runs a shop and two mailers, places orders, and tells who has got which event. */
export async function tour(options: FactoryOptions, say: (line: string) => void = console.log): Promise<Seen> {
  const lines: string[] = [];
  const tell = (line: string): void => {
    lines.push(line);
    say(line);
  };
  const mailers = [new Mailer(), new Mailer()];
  // #region start
  // What the shop publishes with uses the host's own connection.
  const container = (connection: Connection) => ({
    get: <T extends object>(Class: new (...args: unknown[]) => T) => new Class(new ServiceClient(connection)),
  });
  const hosts = [await NatsServiceFactory.create(Shop, { ...options, container })];
  for (const mailer of mailers) hosts.push(await NatsServiceFactory.create(mailer, options));
  // #endregion start
  const client = await ServiceClient.connect({ connection: options.connection });
  try {
    const shop = await client.service<Shop>('shop', { version: '^1.0.0' });
    for (const order of ORDERS) tell(`placed ${(await shop.order(order)).id}: ${order.quantity} x ${order.article}`);
    await until(() => handled(mailers));

    for (const [index, { sent, sold }] of mailers.entries()) {
      tell(`\nmailer ${index + 1} has mailed`);
      for (const mail of sent) tell(`  ${mail}`);
      tell(`  and counts ${[...sold].map(([article, quantity]) => `${quantity} x ${article}`).join(', ')}`);
    }

    tell(`\n${OrderPlaced.subject} in "nats micro info mailer":`);
    for (const { name, subject, queue_group: group, metadata } of (await client.info('mailer'))[0]?.endpoints ?? [])
      tell(`  ${name} on ${subject}, ${group === '' ? 'every instance' : `one of ${group}`}, ${metadata.kind}`);
    return { mailers, lines };
  } finally {
    await client.close();
    for (const host of hosts.reverse()) await host.stop();
  }
}

function handled(mailers: readonly Mailer[]): boolean {
  const mails = mailers.reduce((all, { sent }) => all + sent.length, 0);
  const units = ORDERS.reduce((all, { quantity }) => all + quantity, 0);
  const counted = mailers.map(({ sold }) => [...sold.values()].reduce((all, quantity) => all + quantity, 0));
  return mails === ORDERS.length && counted.every((count) => count === units);
}

/** Events are sent, not answered: whoever wants to see their effect has to look. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isTrue(); i++) await delay(10);
  if (!isTrue()) throw new Error('not every event has been handled within 5 seconds');
}
