import type { OnStart, OnStop } from '../define/lifecycle';
import type { Logger } from '../define/logger';
import { lineage } from '../define/metadata';
import type { Class } from '../define/options';

/** Where instances come from, when natsmith is not to make them: any dependency injection container fits. */
export interface Container {
  /** An instance of the class, or a promise of one. */
  get(target: new (...args: unknown[]) => object): object | Promise<object>;
}

/** Makes a container with the host's own connection, so that what classes need can use it; the host closes it. */
export type ContainerOf<C> = (connection: C) => Container | Promise<Container>;

/**
 * The container itself, where it was given as a function of the connection; in a box, because one with a method `then`
 * would be taken for a promise.
 */
export async function containerOf<C>(
  given: Container | ContainerOf<C> | undefined,
  connection: C,
): Promise<{ readonly container: Container | undefined }> {
  if (given === undefined) return { container: undefined };
  // A container that can be called is a container.
  const made: unknown = typeof given === 'function' && !('get' in given) ? given(connection) : given;
  const container = isContainer(made) ? made : await made;
  if (isContainer(container)) return { container };
  throw new Error(
    `container must be { get(Class) }, or a function of the connection that returns one; got ${container === null ? 'null' : typeof container}`,
  );
}

function isContainer(value: unknown): value is Container {
  return typeof (value as Partial<Container> | null | undefined)?.get === 'function';
}

/** Why natsmith cannot make an instance of a class with `new`, or undefined when it can. */
export function constructorProblem(target: Class): string | undefined {
  const declaring = lineage(target).find(declaresConstructor);
  if (declaring === undefined || declaring.length === 0) return undefined;
  const inherited = declaring === target ? '' : `, inherited from ${declaring.name},`;
  return (
    `has a constructor with ${declaring.length} parameter(s)${inherited} and natsmith makes instances with ` +
    `"new ${target.name}()"; give create() an instance, new ${target.name}(...), ` +
    'or a container: create(..., { container: { get: (Class) => yourContainer.resolve(Class) } })'
  );
}

/** A class without a constructor of its own has the parameters of its parent's, but its `length` says 0. */
function declaresConstructor(target: Class): boolean {
  const source = Function.prototype.toString.call(target);
  return source.startsWith('class') && (target.length > 0 || /\bconstructor\s*\(/.test(source));
}

/** Milliseconds between two lines about what a start waits for. */
const WAITING_INTERVAL = 10_000;
/** A promise that is resolved with an object which has a method `then` waits for ever, and says nothing. */
const THEN_HINT = '; does what it gives have a property "then"?';

/** The user's objects: one of each class of a host, from its start to its stop. */
export class UserObjects {
  private readonly objects = new Map<Class, object>();
  /** Those whose `onStart` has been run, and whose `onStop` has not. */
  private readonly started = new Set<Class>();
  /** How many running services use a class. */
  private readonly uses = new Map<Class, number>();

  constructor(
    /** Those that need not be made. */
    private readonly given: ReadonlyMap<Class, object>,
    private readonly logger: Logger,
  ) {}

  /**
   * Makes and starts the objects; rejects with what the first constructor or `onStart` throws.
   * @param container makes them; without one, `new` does
   */
  async start(
    services: readonly { readonly classes: readonly Class[] }[],
    container: Container | undefined,
  ): Promise<void> {
    for (const target of services.flatMap((service) => service.classes)) {
      this.uses.set(target, (this.uses.get(target) ?? 0) + 1);
      if (!this.objects.has(target)) await this.make(target as new () => object, container);
    }
    for (const [target, object] of this.objects) {
      await this.reportWhilePending(`onStart() of ${target.name}`, (object as Partial<OnStart>).onStart?.());
      this.started.add(target);
    }
  }

  get(target: Class): object | undefined {
    return this.objects.get(target);
  }

  /** A service has stopped: its objects that no other service uses stop as well, in the reverse order of their start. */
  async release(classes: readonly Class[], outOfTime: Promise<void>): Promise<void> {
    for (const target of [...classes].reverse()) {
      const left = (this.uses.get(target) ?? 0) - 1;
      this.uses.set(target, left);
      if (left === 0) await this.stop(target, outOfTime);
    }
  }

  /** Stops whatever has started, in reverse order. @param outOfTime resolves when that is not waited for any longer */
  async stopAll(outOfTime: Promise<void>): Promise<void> {
    for (const target of [...this.started].reverse()) await this.stop(target, outOfTime);
  }

  private async make(target: new () => object, container: Container | undefined): Promise<void> {
    const instance: unknown =
      this.given.get(target) ?? (container === undefined ? new target() : container.get(target));
    // Only what is not an instance yet is waited for: one with a property `then` would be taken for a promise.
    const made: unknown =
      instance instanceof target
        ? instance
        : await this.reportWhilePending(`the container to give ${target.name}`, instance, THEN_HINT);
    if (typeof made !== 'object' || made === null)
      throw new Error(`the container gave ${String(made)} for ${target.name}; register the class with it`);
    this.objects.set(target, made);
  }

  /** A start may take as long as it needs; what it waits for is logged every ten seconds. */
  private async reportWhilePending<T>(what: string, pending: T, hint = ''): Promise<Awaited<T>> {
    const startedAt = performance.now();
    const timer = setInterval(() => {
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      this.logger.warn({ seconds }, `the start waits for ${what}${hint}`);
    }, WAITING_INTERVAL);
    try {
      return await pending;
    } finally {
      clearInterval(timer);
    }
  }

  private async stop(target: Class, outOfTime: Promise<void>): Promise<void> {
    this.started.delete(target);
    const isOver = this.runOnStop(target).then(() => true);
    if (!(await Promise.race([isOver, outOfTime])))
      this.logger.error({ class: target.name }, 'onStop did not end in time; the stop goes on without it');
  }

  private async runOnStop(target: Class): Promise<void> {
    try {
      await (this.objects.get(target) as Partial<OnStop> | undefined)?.onStop?.();
    } catch (err) {
      this.logger.error({ class: target.name, err }, 'onStop failed');
    }
  }
}
