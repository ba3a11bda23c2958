import type { Preparation, Provision } from '@natsmith/core';
import type { Connection } from '@natsmith/protocol';
import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import { DEAD_LETTER_STREAM } from '../contract/dead-letter';
import { managerOf } from '../nats/manager';
import { ensureStream, verifyStream } from '../provision/ensure-stream';
import type { ConsumerPlan } from './consumer-plan';

const NANOSECONDS = 1_000_000;

/** How the consumers of a host were provisioned, to do it again where one is gone. */
const provisioned = new WeakMap<ConsumerPlan, { connection: Connection; provision: Provision }>();

/** Sees to the streams and durable consumers that handlers need. */
export async function provisionConsumers(
  plans: readonly ConsumerPlan[],
  { connection, provision, logger }: Preparation,
): Promise<void> {
  for (const plan of plans) provisioned.set(plan, { connection, provision });
  if (provision === 'off') return;
  const manager = await managerOf(connection);
  const streams = [...new Map(plans.map(({ stream }) => [stream.name, stream])).values()];
  for (const stream of streams) await (provision === 'ensure' ? ensureStream : verifyStream)(manager, stream);
  const prefixes = new Set(plans.map(({ deadLetters }) => deadLetters).filter((one) => one !== undefined));
  if (provision === 'ensure' && prefixes.size > 0)
    await ensureDeadLetters(
      manager,
      [...prefixes].map((prefix) => `${prefix}.>`),
    );
  for (const plan of plans) {
    const differences = await ensureConsumer(manager, plan, provision);
    if (differences.length > 0)
      logger.info({ consumer: plan.durable, stream: plan.stream.name }, `consumer updated: ${differences.join(', ')}`);
  }
}

/** Makes a consumer again that is gone, where that is natsmith's to do. */
export function provisionOf(plan: ConsumerPlan): () => Promise<void> {
  return async () => {
    const { connection, provision } = provisioned.get(plan) ?? {};
    if (connection !== undefined && provision === 'ensure')
      await ensureConsumer(await managerOf(connection), plan, provision);
  };
}

/** Gives what was updated. @throws Error for what differs, where it is not to be updated or cannot be */
async function ensureConsumer(
  { consumers }: JetStreamManager,
  plan: ConsumerPlan,
  provision: Provision,
): Promise<string[]> {
  const { stream, durable } = plan;
  const wanted = configOf(plan);
  const info = await consumers.info(stream.name, durable).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  const named = `consumer "${durable}" of stream "${stream.name}"`;
  if (info === undefined) {
    if (provision !== 'ensure')
      throw new Error(`${named} does not exist; create it, or start with { provision: "ensure" }`);
    await consumers.add(stream.name, wanted);
    return [];
  }
  const fixed = fixedProblem(info);
  if (fixed !== undefined) throw new Error(`${named} ${fixed}`);
  const differences = differencesOf(wanted, info);
  if (differences.length === 0) return [];
  if (provision !== 'ensure') throw new Error(`${named} differs: ${differences.join(', ')}`);
  await consumers.update(stream.name, durable, { ...info.config, ...wanted });
  return differences;
}

/** What a consumer must be and no update can change. */
function fixedProblem({ config }: ConsumerInfo): string | undefined {
  if (config.ack_policy !== 'explicit')
    return `has the acknowledgement policy "${config.ack_policy}", which cannot be changed; it must be "explicit": delete it, or choose another durable`;
  if (config.deliver_subject !== undefined && config.deliver_subject !== '')
    return 'is a push consumer; delete it, or choose another durable';
  return undefined;
}

type WantedConfig = Partial<ConsumerConfig>;

function configOf(plan: ConsumerPlan): WantedConfig {
  const { durable, subjects, ackWait, maxAckPending, service, handler } = plan;
  return {
    durable_name: durable,
    ack_policy: 'explicit',
    replay_policy: 'instant',
    ack_wait: ackWait * NANOSECONDS,
    max_ack_pending: maxAckPending,
    max_deliver: -1,
    ...(subjects.length === 1 ? { filter_subject: subjects[0] } : { filter_subjects: [...subjects] }),
    ...startOf(plan.from),
    metadata: { 'natsmith.service': service, 'natsmith.handler': handler },
  };
}

function startOf(from: ConsumerPlan['from']): object {
  if (from === 'all') return { deliver_policy: 'all' };
  if (from === 'new') return { deliver_policy: 'new' };
  if (from instanceof Date) return { deliver_policy: 'by_start_time', opt_start_time: from.toISOString() };
  return { deliver_policy: 'by_start_sequence', opt_start_seq: from };
}

/** Field by field, for people: `ack_wait is 30s, not 10s`. Where a consumer began stays where it was. */
function differencesOf(wanted: WantedConfig, { config }: ConsumerInfo): string[] {
  const differences: string[] = [];
  const compare = (field: string, has: unknown, wants: unknown): void => {
    if (JSON.stringify(has) !== JSON.stringify(wants))
      differences.push(`${field} is ${JSON.stringify(has)}, not ${JSON.stringify(wants)}`);
  };
  compare('ack_wait', config.ack_wait, wanted.ack_wait);
  compare('max_ack_pending', config.max_ack_pending, wanted.max_ack_pending);
  compare('max_deliver', config.max_deliver ?? -1, wanted.max_deliver);
  compare('filter subjects', filtersOf(config), filtersOf(wanted));
  return differences;
}

function filtersOf({ filter_subject, filter_subjects }: WantedConfig): string[] {
  const all = filter_subjects ?? (filter_subject === undefined || filter_subject === '' ? [] : [filter_subject]);
  return [...all].sort();
}

/** Dead letters stay until somebody looks at them. */
async function ensureDeadLetters({ streams }: JetStreamManager, subjects: string[]): Promise<void> {
  const info = await streams.info(DEAD_LETTER_STREAM).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (info === undefined) {
    await streams.add({ name: DEAD_LETTER_STREAM, subjects, metadata: { 'natsmith.stream': 'dead letters' } });
    return;
  }
  const missing = subjects.filter((subject) => !info.config.subjects.includes(subject));
  if (missing.length > 0) await streams.update(DEAD_LETTER_STREAM, { subjects: [...info.config.subjects, ...missing] });
}

function isMissing(error: unknown): boolean {
  return /not found/i.test(error instanceof Error ? error.message : String(error));
}
