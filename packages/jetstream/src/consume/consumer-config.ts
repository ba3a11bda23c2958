import type { ConsumerConfig } from '@nats-io/jetstream';
import { MADE_BY } from '../provision/stream-config';
import { nanosecondsOf, writtenNanoseconds } from '../nats/duration';
import type { ConsumerPlan } from './consumer-plan';
import { GROUP, PIN_TIMEOUT } from './pull-request';

/** Where the metadata of a consumer says whom it was made for. */
export const SERVICE = 'natsmith.service';
export const HANDLER = 'natsmith.handler';

export type WantedConfig = Partial<ConsumerConfig>;

/** What a durable on the server is made from. */
export interface WantedConsumer extends Pick<
  ConsumerPlan,
  'durable' | 'service' | 'handler' | 'subjects' | 'ackWait' | 'maxAckPending' | 'from' | 'isExclusive'
> {
  readonly stream: Pick<ConsumerPlan['stream'], 'name'>;
}

/** A field of a durable that is not as it is wanted. */
export interface FieldDifference {
  readonly field: string;
  readonly wanted: string;
  readonly found: string;
}

/** What a durable is created with. */
export function configOf(consumer: WantedConsumer): WantedConfig {
  const { durable, subjects, ackWait, maxAckPending, service, handler } = consumer;
  return {
    durable_name: durable,
    ack_policy: 'explicit',
    replay_policy: 'instant',
    ack_wait: nanosecondsOf(ackWait),
    max_ack_pending: maxAckPending,
    max_deliver: -1,
    ...(subjects.length === 1 ? { filter_subject: subjects[0] } : { filter_subjects: [...subjects] }),
    ...startOf(consumer.from),
    ...(consumer.isExclusive && {
      priority_groups: [GROUP],
      priority_policy: 'pinned_client',
      priority_timeout: nanosecondsOf(PIN_TIMEOUT),
    }),
    metadata: metadataOf(service, handler),
  };
}

/** Says on the server whose consumer it is. */
export function metadataOf(service: string, handler: string): Record<string, string> {
  return { ...MADE_BY, [SERVICE]: service, [HANDLER]: handler };
}

/** Whether natsmith has made a consumer, and may therefore remove it. */
export function isOfNatsmith({ metadata }: Pick<ConsumerConfig, 'metadata'>): boolean {
  return Object.entries(MADE_BY).every(([name, value]) => metadata?.[name] === value);
}

/** What of a present consumer would contradict the wanted one; filters of one subject and of several exclude each other. */
const REPLACED = new Set([
  'filter_subject',
  'filter_subjects',
  'headers_only',
  'backoff',
  'priority_groups',
  'priority_policy',
  'priority_timeout',
]);

/** Where a consumer begins stays as it was, as the server has it; one that others made stays theirs. */
export function updatedConfig(present: ConsumerConfig, wanted: WantedConfig): WantedConfig {
  const kept = Object.fromEntries(Object.entries(present).filter(([field]) => !REPLACED.has(field))) as WantedConfig;
  const { deliver_policy: _policy, opt_start_seq: _sequence, opt_start_time: _time, metadata, ...changed } = wanted;
  return { ...kept, ...changed, ...(isOfNatsmith(present) && { metadata: { ...present.metadata, ...metadata } }) };
}

/** What a consumer must be and no update can change; the way out is to delete it, or to choose another durable. */
export function fixedDifference({ ack_policy, deliver_subject }: ConsumerConfig): FieldDifference | undefined {
  if (ack_policy !== 'explicit') return { field: 'ack_policy', wanted: 'explicit', found: ack_policy };
  if (deliver_subject !== undefined && deliver_subject !== '')
    return { field: 'deliver_subject', wanted: 'none: messages are pulled', found: deliver_subject };
  return undefined;
}

/** Field by field, by the names of the server. Where a consumer began stays where it was. */
export function differencesOf(wanted: WantedConfig, found: ConsumerConfig): FieldDifference[] {
  const differences: FieldDifference[] = [];
  const compare = (field: string, has: unknown, wants: unknown): void => {
    if (JSON.stringify(has) !== JSON.stringify(wants))
      differences.push({ field, wanted: shown(wants), found: shown(has) });
  };
  compare('ack_wait', writtenTime(found.ack_wait), writtenTime(wanted.ack_wait));
  compare('max_ack_pending', found.max_ack_pending, wanted.max_ack_pending);
  compare('max_deliver', found.max_deliver ?? -1, wanted.max_deliver);
  compare('headers_only', found.headers_only ?? false, false);
  compare('backoff', (found.backoff ?? []).map(writtenTime), []);
  compare('priority_groups', found.priority_groups ?? [], wanted.priority_groups ?? []);
  compare('filter subjects', filtersOf(found), filtersOf(wanted));
  return differences;
}

/** Words that are ours stand as they are; what others chose is quoted. */
function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function writtenTime(nanoseconds: number | undefined): string {
  return nanoseconds === undefined ? 'not set' : writtenNanoseconds(nanoseconds);
}

function filtersOf({ filter_subject, filter_subjects }: WantedConfig): string[] {
  const all = filter_subjects ?? (filter_subject === undefined || filter_subject === '' ? [] : [filter_subject]);
  return [...all].sort();
}

function startOf(from: ConsumerPlan['from']): object {
  if (from === 'all') return { deliver_policy: 'all' };
  if (from === 'new') return { deliver_policy: 'new' };
  if (from instanceof Date) return { deliver_policy: 'by_start_time', opt_start_time: from.toISOString() };
  return { deliver_policy: 'by_start_sequence', opt_start_seq: from };
}
