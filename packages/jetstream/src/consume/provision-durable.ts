import type { ConsumerConfig, ConsumerInfo } from '@nats-io/jetstream';
import type { Connection } from '@natsmith/protocol';
import { askApi } from '../nats/api';
import { managerOf } from '../nats/manager';
import type { StreamDifference } from '../provision/difference';
import { failureIn } from '../provision/management-error';
import { ProvisionError } from '../provision/provision-error';
import type { Provisioning, StreamReport } from '../provision/provision-streams';
import { consumerTitle, explained, notChecked } from '../provision/wording';
import {
  configOf,
  differencesOf,
  fixedDifference,
  updatedConfig,
  type WantedConfig,
  type WantedConsumer,
} from './consumer-config';

/**
 * Sees to it that a durable is as it is wanted.
 * @throws ProvisionError for what differs, where it is not to be updated or cannot be
 */
export async function ensureDurable(
  wanted: WantedConsumer,
  { connection, provision, logger }: Provisioning,
): Promise<StreamReport> {
  const { durable, stream } = wanted;
  const title = consumerTitle(stream.name, durable);
  const report = { stream: stream.name, consumer: durable, outcome: 'unchanged', changed: [], left: [] } as const;
  let found: ConsumerConfig | undefined;
  try {
    found = await presentConfig(connection, wanted);
  } catch (error) {
    const { kind, words } = failureIn(error);
    if (kind !== 'forbidden' || provision === 'verify') throw explained(title, error, 'compared');
    logger?.warn({ stream: stream.name, consumer: durable }, notChecked('consumer', words));
    return report;
  }
  const config = configOf(wanted);
  const differences = differencesFrom(found, wanted);
  if (found === undefined) {
    if (provision !== 'ensure')
      throw new ProvisionError(
        [`${title} does not exist; create it, or start with { provision: "ensure" }`],
        differences,
      );
    await write(connection, stream.name, config, 'create').catch((error: unknown) => {
      throw explained(title, error, 'created');
    });
    return { ...report, outcome: 'created', changed: differences };
  }
  const [fixed] = differences.filter(({ kind }) => kind === 'fixed');
  if (fixed !== undefined) throw new ProvisionError([fixedProblem(title, fixed)], [fixed]);
  if (differences.length === 0) return report;
  const words = differences.map(({ field, wanted, found }) => `${field} is ${found}, not ${wanted}`).join(', ');
  if (provision !== 'ensure')
    throw new ProvisionError(
      [
        `${title} differs: ${words}; let a service update it with { provision: "ensure" }, or "natsmith streams ensure"; or change its options`,
      ],
      differences,
    );
  await write(connection, stream.name, updatedConfig(found, config), 'update').catch((error: unknown) => {
    throw explained(`${title} differs: ${words}, and`, error, 'updated');
  });
  logger?.info({ consumer: durable, stream: stream.name }, `consumer updated: ${words}`);
  return { ...report, outcome: 'updated', changed: differences };
}

/** What of a durable on the server is not as it is wanted, field by field; nothing is changed. */
export async function durableDifferences(connection: Connection, wanted: WantedConsumer): Promise<StreamDifference[]> {
  const found = await presentConfig(connection, wanted).catch((error: unknown) => {
    throw explained(consumerTitle(wanted.stream.name, wanted.durable), error, 'compared');
  });
  return differencesFrom(found, wanted);
}

function differencesFrom(found: ConsumerConfig | undefined, wanted: WantedConsumer): StreamDifference[] {
  const { stream, durable, subjects } = wanted;
  const place = { stream: stream.name, consumer: durable };
  if (found === undefined)
    return [
      { ...place, field: 'consumer', wanted: subjects.join(', '), found: 'does not exist', kind: 'create' as const },
    ];
  const fixed = fixedDifference(found);
  return [
    ...(fixed === undefined ? [] : [{ ...place, ...fixed, kind: 'fixed' as const }]),
    ...differencesOf(configOf(wanted), found).map((one) => ({ ...place, ...one, kind: 'update' as const })),
  ];
}

function fixedProblem(title: string, { field, found }: StreamDifference): string {
  return field === 'ack_policy'
    ? `${title} has the acknowledgement policy "${found}", which cannot be changed; it must be "explicit": delete it, or choose another durable`
    : `${title} is a push consumer; delete it, or choose another durable`;
}

async function presentConfig(
  connection: Connection,
  { stream, durable }: WantedConsumer,
): Promise<ConsumerConfig | undefined> {
  const { consumers } = await managerOf(connection);
  try {
    return ((await consumers.info(stream.name, durable)) as ConsumerInfo | undefined)?.config;
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
