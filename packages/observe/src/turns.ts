/**
 * Does one thing at a time for all who ask. Who asks while it is being done gets the next turn, together with all others
 * who do: what they get is not older than their question, and a thousand questions cost two turns.
 */
export class Turns<T> {
  private running: Promise<T> | undefined;
  private next: Promise<T> | undefined;

  constructor(private readonly work: () => Promise<T>) {}

  take(): Promise<T> {
    if (this.next !== undefined) return this.next;
    if (this.running === undefined) return this.begin();
    const begin = (): Promise<T> => this.begin();
    this.next = this.running.then(begin, begin);
    return this.next;
  }

  private begin(): Promise<T> {
    this.next = undefined;
    const turn = this.work().finally(() => {
      if (this.running === turn) this.running = undefined;
    });
    this.running = turn;
    return turn;
  }
}
