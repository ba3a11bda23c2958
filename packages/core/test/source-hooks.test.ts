import {
  caller,
  describeServices,
  Endpoint,
  event,
  invoker,
  markHandler,
  planContract,
  reader,
  reading,
  Run,
  runtimeOf,
  Service,
  ServiceError,
  taker,
  type BaseContext,
  type Handler,
  type HandlerPlan,
  type HandlerRuntime,
  type HandlerSubscription,
  type HandlerSurroundings,
  type ReceivedMessage,
  type RunningHandler,
  type Source,
} from '@natsmith/core';
import type { StatsResponse } from '@natsmith/protocol';
import { IsInt } from 'class-validator';
import { connect, type NatsConnection } from 'nats';
import { useHosts } from '#test/hosts';
import { onEachServer } from '#test/matrix';
import { until } from '#test/until';

// What a kind of handler may do besides taking one message after the other: wait for places instead of being refused,
// give back what waits, take several bodies in one run, check its handlers against each other, and say how it fares.

class Task {
  @IsInt() n!: number;
}

interface BatchContext extends BaseContext {
  readonly kind: 'tasks';
  readonly problems: readonly string[];
}

declare module '@natsmith/core' {
  interface ContextKinds {
    task: BaseContext & { readonly kind: 'task' };
    tasks: BatchContext;
  }
}

const endings: string[] = [];

class TaskRun extends Run {
  get kind(): 'task' {
    return 'task';
  }

  protected override done(): void {
    endings.push(`done ${this.body()}`);
    this.end();
  }

  protected override failed(thrown: unknown): void {
    endings.push(`failed ${this.body()}: ${String((thrown as Error).message)}`);
    this.end('500:failed');
  }

  protected override abandoned({ code, description }: ServiceError): void {
    endings.push(`given back ${this.body()}`);
    this.end(`${code}:${description}`);
  }

  private body(): string {
    return Buffer.from(this.message.data).toString();
  }
}

class BatchRun extends Run implements BatchContext {
  readonly problems: string[] = [];

  constructor(
    runtime: HandlerRuntime,
    readonly messages: readonly ReceivedMessage[],
  ) {
    super(runtime, messages[0] as ReceivedMessage);
  }

  get kind(): 'tasks' {
    return 'tasks';
  }

  protected override done(value: unknown): void {
    endings.push(`batch ${String(value)}, not valid: ${this.problems.join()}`);
    this.end();
  }

  protected override failed(): void {
    this.end('500:failed');
  }
}

/** The messages come by hand: `deliver`. */
class HandDelivery implements HandlerSubscription {
  isLost = false;
  private closed = false;
  readonly runs = new Set<Run>();

  constructor(private readonly runOf: (messages: readonly ReceivedMessage[]) => Run) {}

  deliver(...bodies: unknown[]): void {
    const messages = bodies.map((body) => ({ subject: 'tasks', data: Buffer.from(JSON.stringify(body)) }));
    const run = this.runOf(messages);
    this.runs.add(run);
    run.admit();
  }

  drain(): Promise<void> {
    for (const run of this.runs) run.withdraw();
    return Promise.resolve();
  }

  pause(): Promise<void> {
    return Promise.resolve();
  }

  resume(): void {
    return undefined;
  }

  async unsubscribe(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 10));
    endings.push('left');
    this.closed = true;
  }

  isClosed(): boolean {
    return this.closed;
  }
}

interface TaskOptions {
  readonly concurrency?: number;
  readonly timeout?: number;
  readonly durable: string;
}

interface TaskPlan extends HandlerPlan {
  readonly durable: string;
}

let delivery: HandDelivery;
let batches: HandDelivery;

const taskSource: Source = {
  kind: 'task',
  decorator: '@OnTask',
  plan: (handler, around) => {
    const options = handler.mark.options as TaskOptions;
    const facts = { kind: 'task', queueGroup: options.durable };
    return [
      { ...planContract(handler, event('tasks', Task), options, facts, around), durable: options.durable } as TaskPlan,
    ];
  },
  check(handlers, mistake) {
    const taken = new Map<string, string>();
    for (const { service, plan } of handlers) {
      const other = taken.get(plan.queueGroup);
      if (other !== undefined)
        mistake(plan.where, `of ${service.name} has the durable "${plan.queueGroup}" of ${other}; give it another`);
      taken.set(plan.queueGroup, plan.where);
    }
  },
  describe: (plan) => ({ durable: (plan as TaskPlan).durable, stream: 'TASKS' }),
  start(plan, handler, around) {
    const { codec, validate } = reading(plan, around.settings);
    const core = invoker(taker<TaskRun>(handler, codec, validate), plan.limits.maxBody);
    const runtime = runtimeOf(plan, core, around, { waits: true });
    delivery = new HandDelivery(([message]) => new TaskRun(runtime, message as ReceivedMessage));
    return { plan, counter: runtime.counter, subscription: delivery };
  },
};

const batchSource: Source = {
  kind: 'tasks',
  decorator: '@OnTasks',
  plan: (handler, around) => [
    planContract(handler, event('tasks', Task), {}, { kind: 'tasks', queueGroup: 'batches' }, around),
  ],
  start(plan: HandlerPlan, handler: Handler, around: HandlerSurroundings): RunningHandler {
    const { codec, validate } = reading(plan, around.settings);
    if (codec === undefined) throw new Error('tasks have payloads');
    const read = reader(codec, validate, plan.limits.maxBody);
    const call = caller<BatchRun>(handler);
    const core = async (run: BatchRun): Promise<unknown> => {
      const payloads: unknown[] = [];
      for (const { data } of run.messages)
        try {
          payloads.push(await read(data));
        } catch (error) {
          run.problems.push((error as ServiceError).description);
        }
      return call(payloads, run);
    };
    const runtime = runtimeOf(plan, core, around, { waits: true });
    batches = new HandDelivery((messages) => new BatchRun(runtime, messages));
    return { plan, counter: runtime.counter, subscription: batches };
  },
};

const OnTask =
  (options: TaskOptions): MethodDecorator =>
  (target, method) =>
    markHandler(target, method, taskSource, options);
const OnTasks = (): MethodDecorator => (target, method) => markHandler(target, method, batchSource, {});

const releases: (() => void)[] = [];

@Service({ name: 'tasks', version: '1.0.0' })
class Tasks {
  @OnTask({ durable: 'one', concurrency: 1, timeout: 1000 })
  async work({ n }: Task): Promise<void> {
    if (n > 0) await new Promise<void>((resolve) => releases.push(resolve));
  }

  @OnTasks()
  add(tasks: Task[]): number {
    return tasks.reduce((sum, { n }) => sum + n, 0);
  }

  @Endpoint() ask(): string {
    return 'answer';
  }
}

@Service({ name: 'others', version: '1.0.0' })
class Others {
  @OnTask({ durable: 'one' }) work(): void {}
}

onEachServer((server) => {
  describe('a kind of handler that takes its messages itself', () => {
    const hosts = useHosts();
    let nc: NatsConnection;
    const start = (stopTimeout = 2000) =>
      hosts.start(Tasks, { connection: { servers: server.url }, signals: false, logger: false, stopTimeout });
    beforeEach(async () => {
      endings.length = releases.length = 0;
      nc = await connect({ servers: server.url });
    });
    afterEach(() => nc.close());

    it('lets messages wait for a place, however many, and none is refused', async () => {
      await start();
      delivery.deliver({ n: 1 });
      for (let i = 0; i < 1500; i++) delivery.deliver({ n: 0 });
      expect(endings).toEqual([]);
      releases.shift()?.();
      await until(() => endings.length === 1501);
      expect(new Set(endings)).toEqual(new Set(['done {"n":1}', 'done {"n":0}']));
    });

    it('counts the time of a message from when it has a place', async () => {
      await start();
      delivery.deliver({ n: 1 });
      delivery.deliver({ n: 2 });
      await until(() => endings.length === 1);
      expect(endings[0]).toBe('failed {"n":1}: 504: timeout');
      releases.shift()?.();
      await until(() => releases.length === 1);
      releases.shift()?.();
      await until(() => endings.length === 2);
      expect(endings[1]).toBe('done {"n":2}');
    });

    it('at a graceful shutdown gives back what waits, finishes what runs, and is awaited when it leaves', async () => {
      const { host } = await start();
      delivery.deliver({ n: 1 });
      delivery.deliver({ n: 2 });
      const stopped = host.stop();
      await until(() => endings.includes('given back {"n":2}'));
      expect(endings).toEqual(['given back {"n":2}']);
      releases.shift()?.();
      await stopped;
      expect(endings).toEqual(['given back {"n":2}', 'done {"n":1}', 'left', 'left']);
    });

    it('gives back what a forced stop cuts off, and the signal of its handler is aborted', async () => {
      const { host } = await start(50);
      delivery.deliver({ n: 1 });
      await host.stop();
      expect(endings.slice(0, 1)).toEqual(['given back {"n":1}']);
      releases.shift()?.();
    });

    it('takes several bodies in one run', async () => {
      await start();
      batches.deliver({ n: 1 }, { n: 'two' }, { n: 3 });
      await until(() => endings.length === 1);
      expect(endings).toEqual(['batch 4, not valid: validation failed']);
    });

    it('shows whether it takes messages', async () => {
      const { host } = await start();
      const [service] = host.services;
      const of = (name: string) => service?.handlers.find((handler) => handler.name === name);
      expect(of('work')).toEqual({ kind: 'task', name: 'work', subject: 'tasks', queueGroup: 'one', isTaking: true });
      delivery.isLost = true;
      expect(of('work')?.isTaking).toBe(false);
      expect(of('ask')?.isTaking).toBe(true);
    });

    it('is named with its kind in STATS, and endpoints are as ADR-32 has them', async () => {
      await start();
      const stats = (await nc.request('$SRV.STATS.tasks')).json<StatsResponse>();
      expect(Object.fromEntries(stats.endpoints.map(({ name, metadata }) => [name, metadata]))).toEqual({
        work: { kind: 'task' },
        add: { kind: 'tasks' },
        ask: undefined,
      });
    });
  });
});

describe('a kind of handler, without a connection', () => {
  it('is described with what it says of its handlers', () => {
    const [tasks] = describeServices(Tasks);
    expect(tasks?.handlers.find(({ name }) => name === 'work')?.details).toEqual({ durable: 'one', stream: 'TASKS' });
    expect(tasks?.handlers.find(({ name }) => name === 'ask')).not.toHaveProperty('details');
  });

  it('checks its handlers against each other, of all services of the host', () => {
    expect(() => describeServices([Tasks, Others])).toThrow(
      'Others.work of others has the durable "one" of Tasks.work; give it another',
    );
  });

  it('is not treated as a subscription of core NATS: its subjects may overlap', () => {
    expect(() => describeServices([Tasks])).not.toThrow();
  });
});
