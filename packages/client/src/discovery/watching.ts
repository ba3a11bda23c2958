import { delay, type PingResponse, type ReplyProblem } from '@natsmith/protocol';
import type { Discovered, Discovery } from './discovery';
import { DiscoveryError } from './discovery-error';
import type { Link } from './link';
import type { Gathered, GatheredArray } from './replies';

/** An instance that has come or gone. */
export interface ServiceChange {
  readonly type: 'joined' | 'left';
  readonly service: Discovered<PingResponse>;
}

type Instance = Discovered<PingResponse>;

/** Instances that a watch knows at a time, so that invented ones do not fill the memory. */
const MAX_KNOWN = 10_000;
/** Instances that are asked by id in one look. */
const MAX_ASKED = 250;
/** Milliseconds after a reconnect in which nobody has left: services lost the same server, and are back after 2 s by default. */
const GRACE = 3_000;

/** A watch while it is read. */
export class Watch {
  private readonly known = new Map<string, Instance>();
  private readonly underWay = new Set<Gathered<Instance>>();
  private readonly onAbort = (): void => this.underWay.forEach((gathered) => gathered.stop());
  private told = new Set<string>();
  private session: string | undefined;
  /** As `performance.now()`. */
  private graceEnds = 0;

  constructor(
    private readonly discovery: Discovery,
    private readonly link: Link,
    private readonly signal: AbortSignal | undefined,
    private readonly onProblem: ((problem: ReplyProblem) => void) | undefined,
  ) {
    this.session = link.session;
    // One listener for all: there may be hundreds under way.
    signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  async *changes(interval: number): AsyncGenerator<ServiceChange, void> {
    try {
      yield* this.looks(interval);
    } finally {
      this.signal?.removeEventListener('abort', this.onAbort);
    }
  }

  private async *looks(interval: number): AsyncGenerator<ServiceChange, void> {
    while (!this.isOver()) {
      const present = await this.ask();
      if (this.isOver()) return;
      const joined = present.filter((service) => !this.known.has(keyOf(service)));
      const problems = [...present.problems];
      const room = MAX_KNOWN - this.known.size;
      if (joined.length > room)
        problems.push({ reason: `more than ${MAX_KNOWN} instances answer; those beyond are not watched` });
      this.report(problems);
      for (const service of joined.slice(0, room)) {
        if (this.known.has(keyOf(service))) continue;
        this.known.set(keyOf(service), service);
        yield { type: 'joined', service };
      }
      for (const service of await this.gone(new Set(present.map(keyOf)))) {
        this.known.delete(keyOf(service));
        yield { type: 'left', service };
      }
      await delay(interval, undefined, { ...(this.signal && { signal: this.signal }) }).catch(() => undefined);
    }
  }

  /** Those of the known who are gone for certain. */
  private async gone(present: ReadonlySet<string>): Promise<Instance[]> {
    const missing = [...this.known].filter(([key]) => !present.has(key)).map(([, service]) => service);
    const { session } = this.link;
    if (session !== this.session) {
      this.session = session;
      this.graceEnds = performance.now() + GRACE;
    }
    if (missing.length === 0 || performance.now() < this.graceEnds) return [];
    const asked = missing.slice(0, MAX_ASKED);
    // One reply may come late; an instance that is asked by id and has gone has no responder, and that is known at once.
    const isGone = await Promise.all(asked.map((service) => this.isSilent(service)));
    if (this.isOver() || !(await this.link.holds(session))) return [];
    return asked.filter((_, i) => isGone[i]);
  }

  private async isSilent({ name, id }: Instance): Promise<boolean> {
    try {
      return (await this.ask(name, id)).length === 0;
    } catch (error) {
      // Somebody answers.
      if (error instanceof DiscoveryError) return false;
      throw error;
    }
  }

  /** A PING that ends with the watch. */
  private async ask(name?: string, id?: string): Promise<GatheredArray<Instance>> {
    const gathered = this.discovery.ask('PING', name, id);
    this.underWay.add(gathered);
    try {
      return await gathered;
    } finally {
      this.underWay.delete(gathered);
    }
  }

  private report(problems: readonly ReplyProblem[]): void {
    const told = new Set<string>();
    for (const problem of problems) {
      const key = JSON.stringify(problem);
      if (!this.told.has(key) && !told.has(key)) this.onProblem?.(problem);
      told.add(key);
    }
    this.told = told;
  }

  private isOver(): boolean {
    return this.signal?.aborted === true;
  }
}

/** An id alone could be claimed by another service. */
function keyOf({ name, id }: Instance): string {
  return `${name} ${id}`;
}
