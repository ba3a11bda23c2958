/** What all streams of a broker may hold together, so that no client fills the memory. */
export class Budget {
  bytes = 0;

  constructor(private readonly most: number) {}

  hasRoom(size: number): boolean {
    return this.bytes + size <= this.most;
  }
}
