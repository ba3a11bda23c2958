import {
  checkContract,
  checkedOptions,
  CONTRACT_OPTIONS,
  invoker,
  planContract,
  reading,
  runtimeOf,
  taker,
  type Handler,
  type HandlerDefinition,
  type HandlerPlan,
  type HandlerSurroundings,
  type Preparation,
  type RunningHandler,
  type Source,
  type SourceSurroundings,
} from '@natsmith/core';
import type { OptionRules } from '@natsmith/protocol';
import { BucketFollower, type FollowerEvents } from '../bucket/bucket-follower';
import { metadataOf } from '../consume/consumer-config';
import { keySubject, type Bucket } from '../contract/bucket';
import { failureIn } from '../provision/management-error';
import { provisionStreams } from '../provision/provision-streams';
import type { WatchMark, WatchOptions } from './watch-context';
import { WatchRun } from './watch-run';

/** Values of key-value buckets. */
export const watchSource: Source = {
  kind: 'watch',
  decorator: '@Watch',
  begins: 'first',
  plan: planWatch,
  prepare: ensureBuckets,
  start: startWatch,
};

const { name, timeout, metadata } = CONTRACT_OPTIONS;
const WATCH_OPTIONS: OptionRules<WatchOptions> = { name, timeout, metadata };

interface WatchPlan extends HandlerPlan {
  readonly service: string;
  readonly bucket: Bucket;
}

function planWatch(handler: HandlerDefinition, around: SourceSurroundings): WatchPlan[] {
  const { bucket, key, options: given } = handler.mark.options as WatchMark;
  // Undefined where a file of contracts and a file of classes import each other.
  if ((bucket as unknown) === undefined || (key as unknown) === undefined) {
    around.mistake(
      'watches what is not declared; is its bucket or key used before its declaration, or in a circular import?',
    );
    return [];
  }
  if (!bucket.keys.some(({ pattern }) => pattern === key.pattern))
    around.mistake(`watches "${key.pattern}", which bucket "${bucket.name}" does not have; add it to its keys`);
  const options = checkedOptions(given, WATCH_OPTIONS, '@Watch', (problem) => around.mistake(problem));
  checkContract(handler, options, around);
  const facts = {
    kind: 'watch',
    subject: keySubject(bucket.name, key),
    queueGroup: '',
    metadata: { bucket: bucket.name },
  };
  return [{ ...planContract(handler, key.contract, options, facts, around), bucket, service: around.service }];
}

async function ensureBuckets(plans: readonly HandlerPlan[], around: Preparation): Promise<void> {
  const { connection, provision, logger } = around;
  await provisionStreams(
    (plans as readonly WatchPlan[]).map(({ bucket }) => bucket),
    { connection, provision, logger },
  );
}

async function startWatch(plan: HandlerPlan, handler: Handler, around: HandlerSurroundings): Promise<RunningHandler> {
  const { bucket, subject, name: handlerName, service } = plan as WatchPlan;
  const { codec, validate } = reading(plan, around.settings);
  const value = invoker(taker<WatchRun>(handler, codec, validate), plan.limits.maxBody);
  const noValue = invoker(taker<WatchRun>(handler, undefined, undefined), Infinity);
  // Each value counts, so that none is refused for the limits of the service's requests.
  const unlimited = { ...around, limiter: undefined };
  const runtime = runtimeOf<WatchRun>(plan, (ctx) => (ctx.operation === 'put' ? value : noValue)(ctx), unlimited);
  let isLost = false;
  const events: FollowerEvents = {
    onChange: (change) => new WatchRun(runtime, change).run(),
    onLost: (error) => {
      isLost = true;
      around.onLost(subject, error);
    },
    onRestored: () => {
      isLost = false;
      around.onRestored(subject);
    },
  };
  const owner = metadataOf(service, handlerName);
  const follower = new BucketFollower(around.settings.connection, bucket.name, subject, events, owner);
  try {
    await follower.start();
  } catch (cause) {
    await follower.stop();
    throw new Error(`${plan.where} cannot watch bucket "${bucket.name}": ${reasonOf(cause)}`, { cause });
  }
  const leave = (): Promise<void> => follower.stop();
  return {
    plan,
    counter: runtime.counter,
    subscription: {
      get isLost() {
        return isLost;
      },
      // On another server the bucket is read again, and what has changed meanwhile is handled then.
      pause: () => Promise.resolve(),
      resume: () => undefined,
      drain: leave,
      unsubscribe: () => void leave(),
      isClosed: () => follower.isStopped,
    },
    startAlso: () => NOTHING,
  };
}

/** A watch follows one connection at a time. */
const NOTHING = {
  isLost: false,
  pause: () => Promise.resolve(),
  resume: () => undefined,
  drain: () => Promise.resolve(),
  unsubscribe: () => undefined,
  isClosed: () => true,
};

function reasonOf(cause: unknown): string {
  const { kind, words } = failureIn(cause);
  if (kind === 'forbidden') return `this user may not publish to ${words}; grant that`;
  return kind === 'missing' ? 'it does not exist; create it, or start with { provision: "ensure" }' : words;
}
