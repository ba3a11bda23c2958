import type { Preparation } from '@natsmith/core';
import type { Connection } from '@natsmith/protocol';
import type { ConsumerConfig, ConsumerInfo } from '@nats-io/jetstream';
import { deadLetterStream } from '../contract/dead-letter';
import { askApi } from '../nats/api';
import { managerOf } from '../nats/manager';
import { versionProblem } from '../nats/server-version';
import { failureIn } from '../provision/management-error';
import { ProvisionError } from '../provision/provision-error';
import { provisionStreams } from '../provision/provision-streams';
import { explained, notChecked } from '../provision/wording';
import { configOf, differencesOf, fixedProblem, updatedConfig, type WantedConfig } from './consumer-config';
import type { ConsumerPlan } from './consumer-plan';
import { warnOfOrphans } from './orphaned-consumers';

/** The oldest server that lets one client have a consumer. */
const EXCLUSIVE = '2.11';
/** For what this user may not do: no command makes consumers. */
const WAY_OUT = { wayOut: 'let another user start the service once' };

/** How the consumers of a host were provisioned, to do it again where one is gone. */
const provisioned = new WeakMap<ConsumerPlan, Preparation>();

/** Sees to the streams and durable consumers that handlers need. */
export async function provisionConsumers(plans: readonly ConsumerPlan[], around: Preparation): Promise<void> {
  for (const plan of plans) provisioned.set(plan, around);
  checkConsumerVersion(plans, around);
  if (around.provision === 'off') return;
  const created = await ensureConsumers(plans, around);
  await warnOfOrphans(plans, created, around);
}

/** Makes a consumer again that is gone, and its stream, where that is natsmith's to do. */
export function provisionOf(plan: ConsumerPlan): () => Promise<void> {
  return async () => {
    const around = provisioned.get(plan);
    if (around?.provision === 'ensure') await ensureConsumers([plan], around);
  };
}

/** Whoever provisions: an older server would give each instance its part. @throws ProvisionError */
function checkConsumerVersion(plans: readonly ConsumerPlan[], { connection }: Preparation): void {
  const problems = plans
    .filter(({ isExclusive }) => isExclusive)
    .map(({ stream, durable, orderBy }) => {
      const option = orderBy === undefined ? 'exclusive' : `orderBy "${orderBy}"`;
      return versionProblem(connection, `${option} of consumer "${durable}" of stream "${stream.name}"`, EXCLUSIVE);
    })
    .filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new ProvisionError(problems);
}

/** Gives those that were not there before. */
async function ensureConsumers(plans: readonly ConsumerPlan[], around: Preparation): Promise<Set<ConsumerPlan>> {
  const { connection, provision, logger } = around;
  const letters = [...new Set(plans.flatMap(({ deadLetters }) => deadLetters ?? []))];
  const streams = plans.map(({ stream }) => stream);
  await provisionStreams(letters.length === 0 ? streams : [...streams, deadLetterStream(letters)], {
    connection,
    provision,
    logger,
  });
  const created = new Set<ConsumerPlan>();
  for (const plan of plans) if ((await ensureConsumer(plan, around)) === 'created') created.add(plan);
  return created;
}

/** @throws ProvisionError for what differs, where it is not to be updated or cannot be */
async function ensureConsumer(
  plan: ConsumerPlan,
  { connection, provision, logger }: Preparation,
): Promise<'created' | undefined> {
  const { stream, durable } = plan;
  const title = `consumer "${durable}" of stream "${stream.name}"`;
  const wanted = configOf(plan);
  let found: ConsumerConfig | undefined;
  try {
    found = (await infoOf(connection, plan))?.config;
  } catch (error) {
    const { kind, words } = failureIn(error);
    if (kind !== 'forbidden' || provision === 'verify') throw explained(title, error, 'compared', WAY_OUT);
    logger.warn({ stream: stream.name, consumer: durable }, notChecked('consumer', words));
    return undefined;
  }
  if (found === undefined) {
    if (provision !== 'ensure')
      throw new ProvisionError([`${title} does not exist; create it, or start with { provision: "ensure" }`]);
    await write(connection, stream.name, wanted, 'create').catch((error: unknown) => {
      throw explained(title, error, 'created', WAY_OUT);
    });
    return 'created';
  }
  const fixed = fixedProblem(found);
  if (fixed !== undefined) throw new ProvisionError([`${title} ${fixed}`]);
  const differences = differencesOf(wanted, found);
  if (differences.length === 0) return undefined;
  const problem = `${title} differs: ${differences.join(', ')}`;
  if (provision !== 'ensure')
    throw new ProvisionError([
      `${problem}; let a service update it with { provision: "ensure" }, or change its options`,
    ]);
  await write(connection, stream.name, updatedConfig(found, wanted), 'update').catch((error: unknown) => {
    throw explained(problem + ', and', error, 'updated', WAY_OUT);
  });
  logger.info({ consumer: durable, stream: stream.name }, `consumer updated: ${differences.join(', ')}`);
  return undefined;
}

async function infoOf(connection: Connection, { stream, durable }: ConsumerPlan): Promise<ConsumerInfo | undefined> {
  const { consumers } = await managerOf(connection);
  try {
    return await consumers.info(stream.name, durable);
  } catch (error) {
    if (failureIn(error).kind === 'missing') return undefined;
    throw error;
  }
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
