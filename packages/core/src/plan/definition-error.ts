/** One mistake in the decorated classes: where it stands, what is wrong, and the way out. */
export interface Mistake {
  /** `Class`, `Class.method`, or a call such as `addEndpoint("x")`. */
  readonly where: string;
  readonly problem: string;
}

/** Thrown before any connection is made; lists every mistake in the decorated classes. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';

  constructor(readonly mistakes: readonly Mistake[]) {
    const lines = mistakes.map(({ where, problem }) => `${where} ${problem}`);
    super(lines.length === 1 ? lines[0] : [`${lines.length} mistakes:`, ...lines.map((l) => `  - ${l}`)].join('\n'));
  }
}

/** Collects mistakes, so that all of them come at once. */
export class Mistakes {
  private readonly list: Mistake[] = [];

  /** Notes a problem; nothing when there is none. */
  add(where: string, problem: string | undefined): void {
    if (problem === undefined) return;
    if (!this.list.some((m) => m.where === where && m.problem === problem)) this.list.push({ where, problem });
  }

  throwIfAny(): void {
    if (this.list.length > 0) throw new DefinitionError(this.list);
  }
}
