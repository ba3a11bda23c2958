import {
  invoker,
  reading,
  runtimeOf,
  taker,
  type Handler,
  type HandlerPlan,
  type HandlerSurroundings,
  type PlannedHandler,
  type Preparation,
  type RunningHandler,
  type Source,
} from '@natsmith/core';
import { parseTemplate } from '@natsmith/protocol';
import { Consumer } from './consumer';
import { planConsumer, type ConsumedPlan, type ConsumerPlan } from './consumer-plan';
import type { ConsumerRun } from './consumer-run';
import { provisionConsumers, provisionOf } from './provision-consumer';

/** Durable consumers of JetStream. */
export const consumerSource: Source = {
  kind: 'consumer',
  decorator: '@Consume',
  begins: 'last',
  plan: planConsumer,
  check: checkDurables,
  describe: (plan) => {
    const { stream, durable, concurrency, attempts, ackWait } = (plan as ConsumedPlan).consumer;
    return { stream: stream.name, durable, concurrency, attempts, ackWait };
  },
  prepare: (plans, around) => prepare(plans as readonly ConsumedPlan[], around),
  start: startConsumer,
};

/** Two handlers on one durable would each get a part of its messages. */
function checkDurables(handlers: readonly PlannedHandler[], mistake: (where: string, problem: string) => void): void {
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

function startConsumer(plan: HandlerPlan, handler: Handler, around: HandlerSurroundings): RunningHandler {
  const planned = plan as ConsumedPlan;
  const consumer = consumerOf(planned.consumer, around);
  const { codec, validate } = reading(plan, around.settings);
  const core = invoker(taker<ConsumerRun>(handler, codec, validate), plan.limits.maxBody);
  const limited = { ...plan, limits: { ...plan.limits, concurrency: planned.consumer.concurrency } };
  const runtime = { ...runtimeOf(limited, core, around, { waits: true }), event: planned.event };
  consumer.addHandler(parseTemplate(planned.event.subject).subject, runtime);
  const isLastOfEvents = planned.event === planned.consumer.events.at(-1);
  if (isLastOfEvents) consumer.start();
  return {
    plan,
    counter: runtime.counter,
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
