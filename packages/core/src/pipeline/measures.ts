/** Upper bounds of the histogram of durations, in seconds: those of OpenTelemetry's conventions for calls. */
export const DURATION_BOUNDS: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]);

/** What a handler counts besides what ADR-32 asks for; since the start of the service or its latest reset. */
export interface HandlerMeasures {
  /** How long messages took from when they were begun to when their outcome was settled, a stream to its last item. */
  readonly durations: {
    /** Upper bounds in seconds, inclusive. */
    readonly bounds: readonly number[];
    /** Messages below each bound and above the one before it; the last is for those above all bounds. */
    readonly counts: readonly number[];
    /** Seconds. */
    readonly sum: number;
  };
  /** Failed messages by the code of their error. */
  readonly errors: Readonly<Record<string, number>>;
  /** Messages that are being handled now. */
  readonly inFlight: number;
  /** Messages that wait for a place under `concurrency` now. */
  readonly waiting: number;
  /** Messages that were turned away because `concurrency` and `maxPending` were used up; errors with code 503 as well. */
  readonly shed: number;
  /** What the kind counts besides, by name: the dead letters of a consumer, for one. */
  readonly counts: Readonly<Record<string, number>>;
}
