import { Endpoint, type RequestContext, Service, ServiceError } from '@natsmith/core';
import { type JetStreamPublisher, Watch, type WatchContext } from '@natsmith/jetstream';
import type Database from 'libsql';
import { randomUUID } from 'node:crypto';
import { Order, OrderPlaced } from './events';
import { Outbox } from './outbox';
import { Limit, LimitOf, Settings } from './settings';

/** Milliseconds between two looks at events that could not be published. */
const AGAIN = 500;

// #region service
@Service({ name: 'shop', version: '1.0.0', publishes: [OrderPlaced] })
export class Shop {
  private readonly outbox: Outbox;
  private readonly limits = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database.Database,
    private readonly publisher: JetStreamPublisher,
  ) {
    database.exec(
      'CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, article TEXT, quantity INTEGER, reported TEXT)',
    );
    this.outbox = new Outbox(database, publisher);
  }

  @Watch(Settings, LimitOf)
  limit(limit: Limit | undefined, { params }: WatchContext<typeof LimitOf>): void {
    if (limit === undefined) this.limits.delete(params.article);
    else this.limits.set(params.article, limit.most);
  }

  mostOf(article: string): number {
    return this.limits.get(article) ?? Infinity;
  }

  @Endpoint()
  async order(order: Order, ctx: RequestContext): Promise<{ id: string }> {
    const most = this.mostOf(order.article);
    if (order.quantity > most) throw new ServiceError(409, `an order has at most ${most} x ${order.article}`);
    const id = randomUUID();
    // Checked and encoded before the transaction, which is then all or nothing.
    const event = await this.publisher.with(ctx).prepare(OrderPlaced, order, { params: { id }, messageId: id });
    this.database.transaction(() => {
      this.database.prepare('INSERT INTO orders VALUES (?, ?, ?, NULL)').run(id, order.article, order.quantity);
      this.outbox.add(event);
    })();
    this.relay();
    return { id };
  }

  onStart(): void {
    this.relay(); // what was written down before the process was killed
    this.timer = setInterval(() => this.relay(), AGAIN);
  }

  async onStop(): Promise<void> {
    clearInterval(this.timer);
    await this.outbox.stop();
  }

  private relay(): void {
    this.outbox.relay().catch((error: Error) => console.warn(`published later: ${error.message}`));
  }
}
// #endregion service
