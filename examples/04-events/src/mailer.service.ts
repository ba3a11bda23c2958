import { type EventContext, Service, Subscribe } from '@natsmith/core';
import { type Order, OrderPlaced } from './events';

// #region service
@Service({ name: 'mailer', version: '1.0.0' })
export class Mailer {
  /** The mails of this instance. */
  readonly sent: string[] = [];
  /** How much of each article was sold, as this instance knows. */
  readonly sold = new Map<string, number>();

  // Each order once: one of the mailer's instances gets it.
  @Subscribe(OrderPlaced)
  mail({ article, quantity }: Order, ctx: EventContext<typeof OrderPlaced>): void {
    this.sent.push(`${ctx.params.id}: ${quantity} x ${article}`);
  }

  // Every instance gets each order, to keep what it has in memory up to date.
  @Subscribe(OrderPlaced, { queueGroup: false })
  count({ article, quantity }: Order): void {
    this.sold.set(article, (this.sold.get(article) ?? 0) + quantity);
  }
}
// #endregion service
