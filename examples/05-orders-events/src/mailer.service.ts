import { Service } from '@natsmith/core';
import { Consume, type ConsumerContext } from '@natsmith/jetstream';
import { type Order, OrderPlaced, Orders } from './events';

// #region service
@Service({ name: 'mailer', version: '1.0.0' })
export class Mailer {
  readonly sent: string[] = [];
  private hasFailed = false;

  @Consume(Orders, OrderPlaced, { concurrency: 8, retry: { attempts: 3, delays: ['50ms', '100ms'] } })
  mail({ article, quantity }: Order, ctx: ConsumerContext<typeof OrderPlaced>): void {
    // Fails once, and is tried again.
    if (article === 'cup' && !this.hasFailed) {
      this.hasFailed = true;
      throw new Error('the mail server is away');
    }
    // Fails each time, and becomes a dead letter.
    if (article === 'poison') throw new Error('nobody can mail this');
    this.sent.push(`${ctx.params.id}: ${quantity} x ${article}`);
  }
}
// #endregion service
