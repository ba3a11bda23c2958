import { Endpoint, Group, Service, ServiceError, type RequestContext } from '@natsmith/core';
import { injectable } from 'tsyringe';
import { Pieces } from './pieces';
import { Shelf } from './shelf';

@Service({ name: 'stock', version: '1.0.0', description: 'Knows what is left' })
@Group('stock')
@injectable()
export class Stock {
  constructor(private readonly shelf: Shelf) {}

  // Subject stock.take: all of it, or nothing.
  @Endpoint({ request: [Pieces] })
  take(wanted: Pieces[]): void {
    for (const { article, quantity } of wanted) {
      const left = this.shelf.left(article);
      if (quantity > left) throw new ServiceError(409, 'sold out', { data: { article, left } });
    }
    for (const { article, quantity } of wanted) this.shelf.take(article, quantity);
  }

  // Subject stock.*.left: the article is a part of the subject.
  @Endpoint({ subject: '{article}.left', idempotent: true })
  left(_: undefined, ctx: RequestContext): number {
    return this.shelf.left(ctx.params.article ?? '');
  }
}
