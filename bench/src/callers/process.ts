/** What the bench asks of a caller's process: so much load, for so long. */
export interface Assignment {
  readonly inFlight: number;
  /** Milliseconds. */
  readonly slice: number;
}

/** What it came to; CPU in microseconds. */
export interface Outcome {
  readonly done: number;
  readonly seconds: number;
  readonly cpu: number;
}

/** Works off assignments: `work` makes one call, or reads one stream, and tells how many units that was. */
export function caller(work: () => Promise<number>): void {
  const run = async ({ inFlight, slice }: Assignment): Promise<Outcome> => {
    const before = process.cpuUsage();
    const started = performance.now();
    let done = 0;
    const loop = async (): Promise<void> => {
      while (performance.now() - started < slice) {
        const units = await work();
        done += units;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, loop));
    const { user, system } = process.cpuUsage(before);
    return { done, seconds: (performance.now() - started) / 1000, cpu: user + system };
  };
  process.on('disconnect', () => process.exit());
  process.on('message', (assignment: Assignment) => void run(assignment).then((outcome) => process.send?.(outcome)));
  process.send?.('ready');
}
