import type { OnStart, OnStop } from './define/lifecycle';
import type { Logger } from './define/logger';
import type { Class } from './define/options';
import { DefinitionError } from './plan/definition-error';

/** Where instances come from, when natsmith is not to make them: any dependency injection container fits. */
export interface Container {
  get<T extends object>(target: new (...args: never[]) => T): T | Promise<T>;
}

/** Refuses classes whose constructor wants arguments that nobody gives. */
export function refuseUnmakable(classes: readonly Class[], container: Container | undefined): void {
  if (container !== undefined) return;
  const mistakes = [...new Set(classes)]
    .filter((target) => target.length > 0)
    .map((target) => ({
      where: target.name,
      problem:
        `has a constructor with ${target.length} parameter(s), and natsmith makes instances with "new ${target.name}()"; ` +
        'pass a container: create(..., { container: { get: (Class) => yourContainer.resolve(Class) } })',
    }));
  if (mistakes.length > 0) throw new DefinitionError(mistakes);
}

/** One instance of each class of a host, from its start to its stop. */
export class Instances {
  private readonly instances = new Map<Class, object>();
  /** How many running services use a class. */
  private readonly uses = new Map<Class, number>();

  constructor(
    private readonly container: Container | undefined,
    private readonly logger: Logger,
  ) {}

  /** Makes and starts the instances; rejects with what the first constructor or `onStart` throws. */
  async start(services: readonly { readonly classes: readonly Class[] }[]): Promise<void> {
    for (const target of services.flatMap((service) => service.classes)) {
      this.uses.set(target, (this.uses.get(target) ?? 0) + 1);
      if (!this.instances.has(target)) this.instances.set(target, await this.make(target as new () => object));
    }
    for (const instance of this.instances.values()) await (instance as Partial<OnStart>).onStart?.();
  }

  get(target: Class): object | undefined {
    return this.instances.get(target);
  }

  /** A service has stopped: its instances that no other service uses stop, too, in the reverse order of their start. */
  async release(classes: readonly Class[]): Promise<void> {
    for (const target of [...classes].reverse()) {
      const left = (this.uses.get(target) ?? 0) - 1;
      this.uses.set(target, left);
      if (left === 0) await this.stop(target);
    }
  }

  /** Stops whatever has been made, in reverse order. */
  async stopAll(): Promise<void> {
    for (const target of [...this.instances.keys()].reverse()) await this.stop(target);
  }

  private async make(target: new () => object): Promise<object> {
    if (this.container === undefined) return new target();
    const instance: unknown = await this.container.get(target);
    if (typeof instance === 'object' && instance !== null) return instance;
    throw new Error(`the container gave ${String(instance)} for ${target.name}; register the class with it`);
  }

  private async stop(target: Class): Promise<void> {
    try {
      await (this.instances.get(target) as Partial<OnStop> | undefined)?.onStop?.();
    } catch (err) {
      this.logger.error({ class: target.name, err }, 'onStop failed');
    }
  }
}
