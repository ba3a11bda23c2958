import {
  invoker,
  reader,
  reading,
  runtimeOf,
  taker,
  type Execute,
  type Handler,
  type HandlerPlan,
  type HandlerSurroundings,
  type PlannedHandler,
  type Preparation,
  type RunningHandler,
  type Source,
} from '@natsmith/core';
import { batchInvoker } from './batch-run';
import { Consumer } from './consumer';
import { planConsumer, type ConsumedPlan, type ConsumerPlan } from './consumer-plan';
import type { DeliveryRun } from './delivery-run';
import { CONSUMED, filterOf, type DeliveryKind } from './dispatch';
import { provisionConsumers, provisionOf } from './provision-consumer';
import { DEAD_LETTERS, RETRIES } from './settler';

/** Durable consumers of JetStream. */
export const consumerSource: Source = {
  kind: 'consumer',
  decorator: '@Consume',
  begins: 'last',
  plan: planConsumer,
  check: checkDurables,
  describe: (plan) => {
    const { consumer } = plan as ConsumedPlan;
    const { stream, durable, concurrency, attempts, ackWait, maxAckPending, from, isExclusive, deadLetters } = consumer;
    return {
      stream: stream.name,
      durable,
      concurrency,
      attempts,
      ackWait,
      maxAckPending,
      from: from instanceof Date ? from.toISOString() : from,
      exclusive: isExclusive,
      deadLetters: deadLetters ?? false,
    };
  },
  prepare: (plans, around) => prepare(plans as readonly ConsumedPlan[], around),
  start: (plan, handler, around) => startDeliveries(plan, handler, around, CONSUMED),
};

/** Two handlers on one durable would each get a part of its messages. */
export function checkDurables(
  handlers: readonly PlannedHandler[],
  mistake: (where: string, problem: string) => void,
): void {
  const known = new Map<string, { consumer: ConsumerPlan; where: string }>();
  for (const { plan } of handlers) {
    const { consumer, where } = plan as ConsumedPlan;
    const name = `${consumer.stream.name} ${consumer.durable}`;
    const other = known.get(name);
    if (other === undefined) known.set(name, { consumer, where });
    else if (other.consumer !== consumer)
      mistake(
        where,
        `has the durable "${consumer.durable}" of stream "${consumer.stream.name}", as ${other.where} has; give one of them another name`,
      );
  }
}

function prepare(plans: readonly ConsumedPlan[], around: Preparation): Promise<void> {
  return provisionConsumers([...new Set(plans.map(({ consumer }) => consumer))], around);
}

/** The consumers of each service instance that have begun; the plans of one consumer's events share it. */
const begun = new WeakMap<HandlerSurroundings, Map<ConsumerPlan, Consumer>>();

/** Starts what has its messages from a durable consumer. */
export function startDeliveries(
  plan: HandlerPlan,
  handler: Handler,
  around: HandlerSurroundings,
  kind: DeliveryKind,
): RunningHandler {
  const { consumer: planned, event, limits, params } = plan as ConsumedPlan;
  const consumer = consumerOf(planned, around);
  const { codec, validate } = reading(plan, around.settings);
  const core =
    planned.batch === undefined
      ? invoker(taker<DeliveryRun>(handler, codec, validate), limits.maxBody)
      : (batchInvoker(handler) as Execute);
  const limited = { ...plan, limits: { ...limits, concurrency: planned.concurrency } };
  const runtime = { ...runtimeOf(limited, core as Execute, around, { waits: true }), event };
  const read = codec === undefined ? () => undefined : reader(codec, validate, limits.maxBody);
  consumer.addEvent({ event, subject: filterOf(event.subject), params, read, runtime, ...kind });
  const isLastOfEvents = event === planned.events.at(-1);
  if (isLastOfEvents) consumer.start();
  const { counter } = runtime;
  for (const name of [RETRIES, DEAD_LETTERS]) counter.count(name, 0);
  return {
    plan,
    counter,
    // Of the consumer as a whole, so that one of its events gives them.
    ...(isLastOfEvents && { gauges: () => consumer.lag.read() }),
    subscription: {
      get isLost() {
        return consumer.isLost;
      },
      pause: () => consumer.pause(),
      resume: () => consumer.resume(),
      drain: () => consumer.stop(),
      unsubscribe: () => consumer.abandon(),
      isClosed: () => consumer.isClosed(),
    },
  };
}

function consumerOf(plan: ConsumerPlan, around: HandlerSurroundings): Consumer {
  let consumers = begun.get(around);
  if (consumers === undefined) begun.set(around, (consumers = new Map<ConsumerPlan, Consumer>()));
  let consumer = consumers.get(plan);
  if (consumer === undefined)
    consumers.set(plan, (consumer = new Consumer(plan, around, { provision: provisionOf(plan) })));
  return consumer;
}
