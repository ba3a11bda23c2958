import type { Preparation, Provision } from '@natsmith/core';
import type { Connection } from '@natsmith/protocol';
import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import { deadLetterStream } from '../contract/dead-letter';
import { askApi } from '../nats/api';
import { managerOf } from '../nats/manager';
import { isAtLeast, serverVersion } from '../nats/server-version';
import { ProvisionError } from '../provision/provision-error';
import { provisionStreams } from '../provision/provision-streams';
import { MADE_BY } from '../provision/stream-config';
import type { ConsumerPlan } from './consumer-plan';
import { GROUP, PIN_TIMEOUT } from './pull-loop';

const NANOSECONDS = 1_000_000;

/** How the consumers of a host were provisioned, to do it again where one is gone. */
const provisioned = new WeakMap<ConsumerPlan, Preparation>();

/** Sees to the streams and durable consumers that handlers need. */
export async function provisionConsumers(plans: readonly ConsumerPlan[], around: Preparation): Promise<void> {
  const { connection, provision, logger } = around;
  for (const plan of plans) provisioned.set(plan, around);
  if (provision === 'off') return;
  const letters = [...new Set(plans.flatMap(({ deadLetters }) => deadLetters ?? []))];
  const streams = plans.map(({ stream }) => stream);
  await provisionStreams(letters.length === 0 ? streams : [...streams, deadLetterStream(letters)], {
    connection,
    provision,
    logger,
  });
  for (const { isExclusive, stream, durable } of plans)
    if (isExclusive && !isAtLeast(connection, '2.11'))
      throw new ProvisionError([
        `consumer "${durable}" of stream "${stream.name}" is exclusive, which needs nats-server 2.11 or later, and this is ${serverVersion(connection)}`,
      ]);
  const manager = await managerOf(connection);
  for (const plan of plans) {
    const differences = await ensureConsumer(connection, manager, plan, provision);
    if (differences.length > 0)
      logger.info({ consumer: plan.durable, stream: plan.stream.name }, `consumer updated: ${differences.join(', ')}`);
  }
}

/** Makes a consumer again that is gone, and its stream, where that is natsmith's to do. */
export function provisionOf(plan: ConsumerPlan): () => Promise<void> {
  return async () => {
    const around = provisioned.get(plan);
    if (around?.provision === 'ensure') await provisionConsumers([plan], around);
  };
}

/** Gives what was updated. @throws Error for what differs, where it is not to be updated or cannot be */
async function ensureConsumer(
  connection: Connection,
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
    await write(connection, stream.name, wanted, 'create');
    return [];
  }
  const fixed = fixedProblem(info);
  if (fixed !== undefined) throw new Error(`${named} ${fixed}`);
  const differences = differencesOf(wanted, info);
  if (differences.length === 0) return [];
  if (provision !== 'ensure') throw new Error(`${named} differs: ${differences.join(', ')}`);
  await write(connection, stream.name, updatedConfig(info.config, wanted), 'update');
  return differences;
}

/** Where a consumer begins stays as it was, as the server has it; a filter of one subject and of several exclude each other. */
function updatedConfig(present: ConsumerConfig, wanted: WantedConfig): WantedConfig {
  const { filter_subject: _one, filter_subjects: _several, ...kept } = present;
  const { deliver_policy: _policy, opt_start_seq: _sequence, opt_start_time: _time, ...changed } = wanted;
  return { ...kept, ...changed };
}

/** The library's own call knows no priority groups on connections of `nats` 2. */
async function write(
  connection: Connection,
  stream: string,
  config: WantedConfig,
  action: 'create' | 'update',
): Promise<void> {
  // The filter in the subject is what permissions can be given for.
  const filter = config.filter_subject === undefined ? '' : `.${config.filter_subject}`;
  await askApi(connection, `CONSUMER.CREATE.${stream}.${config.durable_name}${filter}`, {
    stream_name: stream,
    config: { ...config, name: config.durable_name },
    action,
  });
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
    ...(plan.isExclusive && {
      priority_groups: [GROUP],
      priority_policy: 'pinned_client',
      priority_timeout: PIN_TIMEOUT * NANOSECONDS,
    }),
    metadata: { ...MADE_BY, 'natsmith.service': service, 'natsmith.handler': handler },
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
  compare('priority_groups', config.priority_groups ?? [], wanted.priority_groups ?? []);
  compare('filter subjects', filtersOf(config), filtersOf(wanted));
  return differences;
}

function filtersOf({ filter_subject, filter_subjects }: WantedConfig): string[] {
  const all = filter_subjects ?? (filter_subject === undefined || filter_subject === '' ? [] : [filter_subject]);
  return [...all].sort();
}

function isMissing(error: unknown): boolean {
  return /not found/i.test(error instanceof Error ? error.message : String(error));
}
