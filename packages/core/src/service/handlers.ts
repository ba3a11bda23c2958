import type { Handler } from '../pipeline/decode';
import type { HandlerPlan } from '../plan/handler-plan';
import type { SourcePlan } from '../plan/source';
import type { ServiceObjects } from '../sources/settings';
import type { HandlerSurroundings, RunningHandler, Source } from '../sources/source';
import type { HandlerStatus } from './service';

/** The handlers of one service instance, in the order of its plan, whenever each of them begins. */
export class Handlers {
  private readonly slots: (RunningHandler | undefined)[];

  constructor(
    private readonly planned: readonly SourcePlan[],
    private readonly objects: ServiceObjects,
    private readonly around: HandlerSurroundings,
  ) {
    this.slots = planned.map(() => undefined);
  }

  /** Those that have begun. */
  get running(): RunningHandler[] {
    return this.slots.filter((handler) => handler !== undefined);
  }

  /** What INFO shows: those whose messages come. */
  get listed(): HandlerPlan[] {
    return this.running.filter(({ subscription }) => !subscription.isLost).map(({ plan }) => plan);
  }

  get status(): HandlerStatus[] {
    return this.running.map(({ plan: { kind, name, subject, queueGroup }, subscription }) => ({
      kind,
      name,
      subject,
      queueGroup,
      isTaking: !subscription.isLost && !subscription.isClosed(),
    }));
  }

  /**
   * Resolves to whether there are any that begin then. Rejects with the first failure, but not before all have begun or
   * failed: what has begun has to be undone.
   */
  async start(begins: Source['begins']): Promise<boolean> {
    const results = await Promise.allSettled(
      this.planned.map(async ({ source, plan }, index) => {
        const kind = source as Source;
        if (kind.begins === begins) this.slots[index] = await kind.start(plan, this.methodOf(plan), this.around);
      }),
    );
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    return this.planned.some(({ source }) => (source as Source).begins === begins);
  }

  add(handler: RunningHandler): void {
    this.slots.push(handler);
  }

  remove(handler: RunningHandler): void {
    this.slots.splice(this.slots.indexOf(handler), 1);
  }

  private methodOf({ target }: HandlerPlan): Handler {
    if (target === undefined) throw new Error('a planned handler has no method'); // plans of classes always have one
    const { method } = target;
    const object = this.objects.get(target.class) as Record<string, Handler>;
    if (typeof object[method] !== 'function')
      throw new Error(
        `the object that is to serve as ${target.class.name} has no method "${method}"; register the class itself with the container`,
      );
    // Looked up for each message, so that a test can put a spy in the method's place.
    return (payload, ctx) => (object[method] as Handler)(payload, ctx);
  }
}
