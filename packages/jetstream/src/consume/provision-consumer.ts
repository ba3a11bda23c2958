import type { Preparation } from '@natsmith/core';
import type { Connection } from '@natsmith/protocol';
import { deadLetterStream } from '../contract/dead-letter';
import { versionProblem } from '../nats/server-version';
import { ProvisionError } from '../provision/provision-error';
import { provisionStreams } from '../provision/provision-streams';
import type { WantedConsumer } from './consumer-config';
import type { ConsumerPlan } from './consumer-plan';
import { warnOfOrphans } from './orphaned-consumers';
import { ensureDurable } from './provision-durable';

/** The oldest server that lets one client have a consumer. */
const EXCLUSIVE = '2.11';

/** How the consumers of a host were provisioned, to do it again where one is gone. */
const provisioned = new WeakMap<ConsumerPlan, Preparation>();

/** Sees to the streams and durable consumers that handlers need. */
export async function provisionConsumers(plans: readonly ConsumerPlan[], around: Preparation): Promise<void> {
  for (const plan of plans) provisioned.set(plan, around);
  checkConsumerVersion(around.connection, plans);
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
export function checkConsumerVersion(
  connection: Connection,
  consumers: readonly (WantedConsumer & { orderBy?: string | undefined })[],
): void {
  const problems = consumers
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
  for (const plan of plans) if ((await ensureDurable(plan, around)).outcome === 'created') created.add(plan);
  return created;
}
