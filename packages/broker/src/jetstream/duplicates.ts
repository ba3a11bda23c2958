import type { Clock } from './clock';

/** The message ids of a stream's last moments. */
export class Duplicates {
  private readonly known = new Map<string, { sequence: number; time: number }>();

  /** @param window ms */
  constructor(
    private readonly clock: Clock,
    public window: number,
  ) {}

  /** The sequence that a message with this id has. */
  find(id: string): number | undefined {
    this.forget();
    return this.known.get(id)?.sequence;
  }

  add(id: string, sequence: number): void {
    this.forget();
    this.known.delete(id);
    this.known.set(id, { sequence, time: this.clock.now() });
  }

  private forget(): void {
    const before = this.clock.now() - this.window;
    for (const [id, { time }] of this.known) {
      if (time > before) return;
      this.known.delete(id);
    }
  }
}
