import {
  Endpoint,
  event,
  failureOf,
  invoker,
  markHandler,
  Metadata,
  only,
  planContract,
  reading,
  Run,
  runtimeOf,
  Service,
  ServiceError,
  taker,
  Use,
  type BaseContext,
  type Handler,
  type HandlerDefinition,
  type HandlerPlan,
  type HandlerRuntime,
  type HandlerSubscription,
  type HandlerSurroundings,
  type Middleware,
  type Next,
  type ReceivedMessage,
  type RunningHandler,
  type Source,
  type SourceSurroundings,
} from '@natsmith/core';
import { type InfoResponse, type StatsResponse } from '@natsmith/protocol';
import { IsInt } from 'class-validator';
import { useHosts } from '#test/hosts';
import { onEachServer } from '#test/matrix';
import { until } from '#test/until';
import { connect, type NatsConnection } from 'nats';

// A kind of handler that natsmith does not know, written as another package would write it: jobs of a queue in memory,
// which are acknowledged, given back, or buried.

// #region context
interface JobContext extends BaseContext {
  readonly kind: 'job';
  /** How often the job has been delivered, this time included. */
  readonly attempt: number;
}

declare module '@natsmith/core' {
  interface ContextKinds {
    job: JobContext;
  }
}
// #endregion context

interface Job extends ReceivedMessage {
  attempt: number;
}

type Ending = 'acknowledged' | 'given back' | 'buried';

/** A queue that delivers its jobs one by one, and again those that are given back. */
class JobQueue {
  readonly endings: [body: string, attempt: number, ending: Ending][] = [];
  readonly waiting: Job[] = [];
  private deliver: ((job: Job) => void) | undefined;

  constructor(readonly name: string) {}

  put(payload: unknown): void {
    this.take({ subject: `jobs.${this.name}`, data: Buffer.from(JSON.stringify(payload)), attempt: 1 });
  }

  consume(deliver: (job: Job) => void): () => void {
    this.deliver = deliver;
    for (const job of this.waiting.splice(0)) deliver(job);
    return () => (this.deliver = undefined);
  }

  end(job: Job, ending: Ending): void {
    this.endings.push([job.data.toString(), job.attempt, ending]);
    if (ending === 'given back') this.take({ ...job, attempt: job.attempt + 1 });
  }

  private take(job: Job): void {
    if (this.deliver === undefined) this.waiting.push(job);
    else setImmediate(this.deliver, job);
  }
}

// #region decorator
interface JobOptions {
  queue: JobQueue;
  payload: new () => object;
  concurrency?: number;
}

function OnJob(options: JobOptions): MethodDecorator {
  return (target, method) => markHandler(target, method, jobSource, options);
}
// #endregion decorator

// #region source
const jobSource: Source = { kind: 'job', decorator: '@OnJob', plan: planJobs, start: startJobs };

interface JobPlan extends HandlerPlan {
  readonly queue: JobQueue;
}

function planJobs(handler: HandlerDefinition, around: SourceSurroundings): JobPlan[] {
  const { queue, payload, concurrency } = handler.mark.options as JobOptions;
  if (concurrency === 0) around.mistake('has concurrency 0, so that no job would ever run; write 1 or more');
  return [
    {
      kind: 'job',
      name: handler.method,
      subject: `jobs.${queue.name}`,
      queueGroup: queue.name,
      metadata: { ...handler.metadata, kind: 'job' },
      params: [],
      target: { class: handler.class, method: handler.method },
      use: around.use,
      payload: { kind: 'class', class: payload, array: false },
      response: undefined,
      codec: 'json',
      limits: { timeout: undefined, concurrency, maxPending: undefined, maxBody: around.maxBody },
      where: around.where,
      queue,
    },
  ];
}

function startJobs(plan: HandlerPlan, handler: Handler, around: HandlerSurroundings): RunningHandler {
  const { queue, limits } = plan as JobPlan;
  const { codec, validate } = reading(plan, around.settings);
  const core = invoker(taker<JobRun>(handler, codec, validate), limits.maxBody);
  const runtime: JobRuntime = { ...runtimeOf(plan, core, around), queue };
  const subscription = new JobSubscription(queue, (job) => new JobRun(runtime, job).admit());
  return { plan, counter: runtime.counter, subscription, startAlso: () => subscription };
}

interface JobRuntime extends HandlerRuntime {
  readonly queue: JobQueue;
}

/** One delivery of a job: its outcome is settled by an acknowledgement. */
class JobRun extends Run<JobRuntime> implements JobContext {
  constructor(
    runtime: JobRuntime,
    private readonly job: Job,
  ) {
    super(runtime, job);
  }

  get kind(): 'job' {
    return 'job';
  }

  get attempt(): number {
    return this.job.attempt;
  }

  protected override done(): void {
    this.runtime.queue.end(this.job, 'acknowledged');
    this.end();
  }

  protected override failed(thrown: unknown): void {
    const { code, description } = failureOf(thrown, this);
    const isHopeless = code === 400 || this.attempt === 3;
    this.runtime.queue.end(this.job, isHopeless ? 'buried' : 'given back');
    this.end(`${code}:${description}`);
  }

  /** The job is not to blame, so it does not count as one of its attempts. */
  protected override abandoned({ code, description }: ServiceError): void {
    this.job.attempt--;
    this.runtime.queue.end(this.job, 'given back');
    this.end(`${code}:${description}`);
  }
}

/** Takes jobs from the queue; a stop drains it, and what was taken until then is finished. */
class JobSubscription implements HandlerSubscription {
  readonly isLost = false;
  private leave: (() => void) | undefined;

  constructor(
    private readonly queue: JobQueue,
    private readonly onJob: (job: Job) => void,
  ) {
    this.resume();
  }

  resume(): void {
    this.leave = this.queue.consume(this.onJob);
  }

  pause(): Promise<void> {
    this.unsubscribe();
    return Promise.resolve();
  }

  drain(): Promise<void> {
    return this.pause();
  }

  unsubscribe(): void {
    this.leave?.();
    this.leave = undefined;
  }

  isClosed(): boolean {
    return this.leave === undefined;
  }
}
// #endregion source

class Work {
  @IsInt() n!: number;
}

const queue = new JobQueue('work');
const seen: string[] = [];
let running = 0;
let most = 0;
let release: () => void = () => undefined;

const noteKind: Middleware = (ctx, next) => {
  seen.push(`${ctx.kind} ${ctx.handler.metadata.team ?? ''}`);
  return next();
};
const noteAttempt = only('job', (ctx: JobContext, next: Next) => {
  seen.push(`attempt ${ctx.attempt}`);
  return next();
});

@Service({ name: 'worker', version: '1.0.0' })
@Use(noteKind, noteAttempt)
@Metadata({ team: 'yard' })
class Worker {
  @OnJob({ queue, payload: Work, concurrency: 2 })
  async work({ n }: Work, ctx: JobContext): Promise<void> {
    most = Math.max(most, ++running);
    try {
      if (n === 1 && ctx.attempt === 1) throw new ServiceError(409, 'not now');
      if (n === 2) throw new Error('never');
      if (n === 9) await new Promise<void>((resolve) => (release = resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      running--;
    }
  }

  @Endpoint() ask(): string {
    return 'answer';
  }
}

@Service({ name: 'worker', version: '1.0.0' })
class Idle {
  @OnJob({ queue, payload: Work, concurrency: 0 })
  work(): void {}
}

onEachServer((server) => {
  describe('a kind of handler that another package adds', () => {
    const hosts = useHosts();
    let nc: NatsConnection;
    const start = (stopTimeout = 2000) =>
      hosts.start(Worker, { connection: { servers: server.url }, signals: false, logger: false, stopTimeout });
    beforeEach(async () => {
      queue.endings.length = queue.waiting.length = seen.length = 0;
      most = 0;
      nc = await connect({ servers: server.url });
    });
    afterEach(() => nc.close());

    it('settles outcomes in its own way: what returns, what throws, what is not valid', async () => {
      await start();
      for (const n of [0, 1, 2, 'three']) queue.put({ n });
      await until(() => queue.endings.filter(([, , ending]) => ending !== 'given back').length === 4);
      const of = (n: unknown) =>
        queue.endings
          .filter(([body]) => body === JSON.stringify({ n }))
          .map(([, attempt, ending]) => [attempt, ending]);
      expect(of(0)).toEqual([[1, 'acknowledged']]);
      expect(of(1)).toEqual([
        [1, 'given back'],
        [2, 'acknowledged'],
      ]);
      expect(of(2)).toEqual([
        [1, 'given back'],
        [2, 'given back'],
        [3, 'buried'],
      ]);
      expect(of('three')).toEqual([[1, 'buried']]);
    });

    it('passes middleware for all kinds and for its own; endpoints of the class do not pass the latter', async () => {
      await start();
      queue.put({ n: 0 });
      await until(() => queue.endings.length === 1);
      expect((await nc.request('ask')).json()).toBe('answer');
      expect(seen).toEqual(['job yard', 'attempt 1', 'endpoint yard']);
    });

    it('keeps the limits', async () => {
      await start();
      for (let i = 0; i < 20; i++) queue.put({ n: 0 });
      await until(() => queue.endings.length === 20);
      expect(most).toBe(2);
    });

    it('is listed in INFO with its kind, and counted in STATS', async () => {
      await start();
      for (const n of [0, 0, 'bad']) queue.put({ n });
      await until(() => queue.endings.length === 3);
      const info = (await nc.request('$SRV.INFO.worker')).json<InfoResponse>();
      expect(info.endpoints.find(({ name }) => name === 'work')).toMatchObject({
        subject: 'jobs.work',
        queue_group: 'work',
        metadata: { kind: 'job', team: 'yard' },
      });
      const stats = (await nc.request('$SRV.STATS.worker')).json<StatsResponse>();
      expect(stats.endpoints.find(({ name }) => name === 'work')).toMatchObject({
        num_requests: 3,
        num_errors: 1,
        last_error: '400:validation failed',
      });
    });

    it('finishes what runs at a graceful stop, and takes nothing new', async () => {
      const { host } = await start();
      queue.put({ n: 9 });
      await until(() => running === 1);
      const stopped = host.stop();
      queue.put({ n: 0 });
      release();
      await stopped;
      expect(queue.endings).toEqual([['{"n":9}', 1, 'acknowledged']]);
      expect(queue.waiting).toHaveLength(1);
    });

    it('is notified of what a stop cuts off, which is not a failure of the message', async () => {
      const { host } = await start(100);
      queue.put({ n: 9 });
      await until(() => running === 1);
      await host.stop();
      expect(queue.endings).toEqual([['{"n":9}', 0, 'given back']]);
      expect(queue.waiting).toMatchObject([{ attempt: 1 }]);
      release();
    });

    it('reports mistakes with all the others', async () => {
      await expect(hosts.start(Idle, { connection: { servers: server.url } })).rejects.toThrow(
        'Idle.work has concurrency 0, so that no job would ever run; write 1 or more',
      );
    });
  });

  describe('kinds that begin before and after the others', () => {
    const hosts = useHosts();
    const order: string[] = [];
    let refuses = false;
    const kindThatBegins = (begins: 'first' | 'last'): Source => ({
      kind: begins,
      decorator: `@${begins}`,
      begins,
      plan: (handler, around) => [
        planContract(handler, event(`phases.${begins}`, 'unchecked'), {}, { kind: begins, queueGroup: '' }, around),
      ],
      prepare: (plans, { provision, services }) => {
        order.push(`prepare ${begins} of ${services.join()} for ${plans.length} handlers, ${provision}`);
        return Promise.resolve();
      },
      async start(plan, handler, around) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        order.push(begins);
        if (refuses && begins === 'last') throw new Error('no such stream');
        const subscription = new JobSubscription(new JobQueue(begins), () => undefined);
        const core = invoker(taker(handler, undefined, undefined), 1);
        return { plan, counter: runtimeOf(plan, core, around).counter, subscription, startAlso: () => subscription };
      },
    });
    const mark = (source: Source): MethodDecorator => {
      return (target, method) => markHandler(target, method, source, {});
    };
    const [First, Last] = [kindThatBegins('first'), kindThatBegins('last')];

    @Service({ name: 'phases', version: '1.0.0' })
    class Phases {
      @mark(Last) last(): void {}
      @mark(First) first(): void {}
      @Endpoint() ask(): string {
        return 'answer';
      }
    }

    beforeEach(() => {
      order.length = 0;
      refuses = false;
    });

    it('are prepared, then begin in their turn', async () => {
      await hosts.start(Phases, { connection: { servers: server.url }, logger: false, provision: 'verify' });
      expect(order).toEqual([
        'prepare last of phases for 1 handlers, verify',
        'prepare first of phases for 1 handlers, verify',
        'first',
        'last',
      ]);
    });

    it('leave nothing behind when one of them cannot begin', async () => {
      refuses = true;
      await expect(hosts.start(Phases, { connection: { servers: server.url }, logger: false })).rejects.toThrow(
        'no such stream',
      );
      const nc = await connect({ servers: server.url });
      await expect(nc.request('ask')).rejects.toMatchObject({ code: '503' });
      await nc.close();
    });
  });
});
