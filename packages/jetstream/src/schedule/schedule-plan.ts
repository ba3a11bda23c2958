import {
  checkContract,
  checkedOptions,
  CONTRACT_OPTIONS,
  contractName,
  planContract,
  type HandlerDefinition,
  type SourceSurroundings,
} from '@natsmith/core';
import { anObject, checkedElsewhere, event, oneOf, unchecked, type OptionRules } from '@natsmith/protocol';
import type { WantedConsumer } from '../consume/consumer-config';
import { checkRetry, retryOf, type ConsumedPlan, type ConsumerPlan } from '../consume/consumer-plan';
import { patternProblem, serverPattern } from './pattern';
import type { ScheduleMark, ScheduleOptions } from './schedule-context';
import { Schedules, tickSubject } from './schedule-stream';

/** A handler of a schedule, planned: a consumer of its ticks. */
export interface SchedulePlan extends ConsumedPlan {
  readonly service: string;
  /** As the server takes it. */
  readonly pattern: string;
  readonly timeZone: string | undefined;
  readonly missed: 'last' | 'skip';
}

const ACK_WAIT = 30_000;
const SCHEDULE_OPTIONS: OptionRules<ScheduleOptions> = {
  name: CONTRACT_OPTIONS.name,
  timeout: CONTRACT_OPTIONS.timeout,
  metadata: CONTRACT_OPTIONS.metadata,
  timeZone: checkedElsewhere,
  retry: anObject,
  missed: oneOf('last', 'skip'),
};

export function planSchedule(handler: HandlerDefinition, around: SourceSurroundings): SchedulePlan[] {
  const { pattern, options: given } = handler.mark.options as ScheduleMark;
  const options = checkedOptions(given, SCHEDULE_OPTIONS, '@Schedule', (problem) => around.mistake(problem));
  const { service } = around;
  checkContract(handler, options, around);
  const problem = patternProblem(pattern, options.timeZone);
  around.mistake(problem);
  checkRetry(options.retry, around);
  const { missed = 'last', timeZone } = options;
  if (problem !== undefined) return [];
  const name = contractName(handler, options);
  const tick = event(tickSubject(service, name), unchecked<undefined>());
  const consumer: ConsumerPlan = Object.freeze<ConsumerPlan>({
    ...tickConsumer(service, name),
    stream: Schedules,
    events: [tick],
    concurrency: 1,
    ...retryOf(options.retry),
    confirm: false,
    orderBy: undefined,
    batch: undefined,
    deadLetters: undefined,
  });
  const written = serverPattern(pattern);
  const facts = {
    kind: 'schedule',
    queueGroup: consumer.durable,
    metadata: { schedule: written, ...(timeZone !== undefined && { time_zone: timeZone }) },
  };
  const plan = planContract(handler, tick, options, facts, around);
  return [
    {
      ...plan,
      payload: { kind: 'none' },
      consumer,
      event: tick,
      service,
      pattern: written,
      timeZone,
      missed,
    },
  ];
}

/** The durable of a schedule's ticks: one run at a time, over all instances. */
export function tickConsumer(service: string, name: string): WantedConsumer {
  return {
    stream: Schedules,
    durable: `${service}-${name}`,
    service,
    handler: name,
    subjects: [tickSubject(service, name)],
    ackWait: ACK_WAIT,
    maxAckPending: 1,
    from: 'all',
    isExclusive: false,
  };
}
