import type { HandlerDescription, ServiceDescription } from '@natsmith/core';
import type { WantedConsumer } from '../consume/consumer-config';
import { tickConsumer } from '../schedule/schedule-plan';
import type { WantedSchedule } from '../schedule/put-schedules';

/** What the handlers of services need on the server, besides the streams that they declare. */
export interface DeclaredHandlers {
  /** Also those of the ticks of schedules. */
  readonly consumers: readonly WantedConsumer[];
  readonly schedules: readonly WantedSchedule[];
  /** What the subjects of dead letters begin with, each once. */
  readonly letters: readonly string[];
}

const CONSUMER_KINDS = ['consumer', 'batch'];

/** @throws TypeError for a description of INFO, which does not say how a consumer is made */
export function declaredHandlers(services: readonly ServiceDescription[], where: string): DeclaredHandlers {
  const consumers = new Map<string, WantedConsumer>();
  const schedules: WantedSchedule[] = [];
  const letters = new Set<string>();
  for (const service of services)
    for (const handler of service.handlers) {
      if (CONSUMER_KINDS.includes(handler.kind)) {
        const consumer = consumerIn(service.name, handler, where);
        const key = `${consumer.stream.name} ${consumer.durable}`;
        // Of several events: a description has an entry for each.
        const subjects = [...new Set([...(consumers.get(key)?.subjects ?? []), ...consumer.subjects])];
        consumers.set(key, { ...consumer, subjects });
        const prefix = handler.details?.deadLetters;
        if (typeof prefix === 'string') letters.add(prefix);
      } else if (handler.kind === 'schedule') {
        schedules.push(scheduleIn(service.name, handler, where));
        consumers.set(`schedule ${handler.queueGroup}`, tickConsumer(service.name, handler.name));
      }
    }
  return { consumers: [...consumers.values()], schedules, letters: [...letters] };
}

function consumerIn(service: string, { name, subscribedSubject, details }: HandlerDescription, where: string) {
  const { stream, durable, ackWait, maxAckPending, from, exclusive } = details ?? {};
  const begin = typeof from === 'string' && from !== 'all' && from !== 'new' ? new Date(from) : from;
  if (
    typeof stream !== 'string' ||
    typeof durable !== 'string' ||
    typeof ackWait !== 'number' ||
    typeof maxAckPending !== 'number' ||
    begin === undefined
  )
    throw incomplete(where, service, name);
  return {
    stream: { name: stream },
    durable,
    service,
    handler: name,
    subjects: [subscribedSubject],
    ackWait,
    maxAckPending,
    from: begin as WantedConsumer['from'],
    isExclusive: exclusive === true,
  };
}

function scheduleIn(service: string, { name, details }: HandlerDescription, where: string): WantedSchedule {
  const { pattern, timeZone } = details ?? {};
  if (typeof pattern !== 'string') throw incomplete(where, service, name);
  return {
    service,
    name,
    pattern,
    timeZone: typeof timeZone === 'string' ? timeZone : undefined,
    where: `schedule "${name}" of service "${service}"`,
  };
}

function incomplete(where: string, service: string, handler: string): TypeError {
  return new TypeError(
    `${where} was given a description that does not say how "${handler}" of service "${service}" is provisioned; ` +
      'give what describeServices() returns for its class',
  );
}
