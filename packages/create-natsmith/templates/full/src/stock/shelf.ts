import { Lifecycle, scoped } from 'tsyringe';

/** What is in stock, one for all who ask; put your database here. */
@scoped(Lifecycle.ContainerScoped)
export class Shelf {
  private readonly pieces = new Map([
    ['apple', 100],
    ['pear', 3],
  ]);

  left(article: string): number {
    return this.pieces.get(article) ?? 0;
  }

  take(article: string, quantity: number): void {
    this.pieces.set(article, this.left(article) - quantity);
  }
}
