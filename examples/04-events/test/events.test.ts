import { RecordingPublisher, testContext } from '@natsmith/testing';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onEachServer } from '#test/matrix';
import { Order, OrderPlaced } from '../src/events';
import { Mailer } from '../src/mailer.service';
import { Shop } from '../src/shop.service';
import { tour } from '../src/tour';

const order = (article: string, quantity: number): Order => Object.assign(new Order(), { article, quantity });

describe('handlers as plain methods', () => {
  it('an order reaches everyone who subscribes', async () => {
    const publisher = new RecordingPublisher();
    expect(await new Shop(publisher).order(order('tea', 2), testContext())).toEqual({ id: 'o-1' });
    expect(publisher.published(OrderPlaced)).toMatchObject([{ payload: { article: 'tea', quantity: 2 } }]);
  });

  it('a mail names the order that the subject names', () => {
    const mailer = new Mailer();
    mailer.mail(order('tea', 2), testContext(OrderPlaced, { params: { id: 'o-7' } }));
    expect(mailer.sent).toEqual(['o-7: 2 x tea']);
  });
});

onEachServer((server) => {
  it('each order is mailed by one of two mailers, and counted by both', async () => {
    const connection = { servers: server.url };
    const { mailers, lines } = await tour({ connection, signals: false, logger: false }, () => undefined);
    const mails = mailers.flatMap(({ sent }) => sent).sort();
    expect(mails).toEqual([
      'o-1: 2 x tea',
      'o-2: 1 x cup',
      'o-3: 3 x tea',
      'o-4: 1 x pot',
      'o-5: 4 x cup',
      'o-6: 1 x tea',
    ]);
    for (const { sold } of mailers) expect(Object.fromEntries(sold)).toEqual({ tea: 6, cup: 5, pot: 1 });
    expect(lines).toContain('  mail on orders.*.placed, one of mailer-mail, event');
    expect(lines).toContain('  count on orders.*.placed, every instance, event');
  });

  it('runs with one command, on the server that NATS_URL names', async () => {
    // It rejects where the program ends with a code other than 0.
    const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, '../dist/main.js')], {
      env: { ...process.env, NATS_URL: server.url },
      timeout: 20_000,
    });
    expect(stdout).toContain('placed o-6: 1 x tea');
  });
});
