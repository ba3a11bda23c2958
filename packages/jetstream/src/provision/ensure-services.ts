import type { ServiceDescription } from '@natsmith/core';
import {
  aBoolean,
  anArray,
  checkConnection,
  checkOptions,
  shown,
  type Connection,
  type OptionRules,
} from '@natsmith/protocol';
import { checkConsumerVersion } from '../consume/provision-consumer';
import { durableDifferences, ensureDurable } from '../consume/provision-durable';
import { deadLetterStream } from '../contract/dead-letter';
import { managerOf } from '../nats/manager';
import { checkScheduleVersion, ensureSchedule, placeOf, scheduleDifferences, written } from '../schedule/put-schedules';
import { ScheduleBook, type StoredSchedule } from '../schedule/schedule-book';
import { Schedules } from '../schedule/schedule-stream';
import { declaredHandlers, type DeclaredHandlers } from './declared-handlers';
import type { StreamDifference } from './difference';
import { failureIn } from './management-error';
import { consumerDifference, orphanedConsumers, orphanedSchedules, type OrphanedConsumer } from './orphans';
import { ProvisionError } from './provision-error';
import { differencesOf, provisionStreams, type StreamReport } from './provision-streams';

/** How services are compared with what the server has. */
export interface DiffServicesOptions {
  /**
   * Services that run, as `describeInfo` describes them: a consumer or schedule that one of them has is not taken for one
   * that nobody names any more, whatever program it is of.
   */
  readonly running?: readonly ServiceDescription[];
}

/** How far `ensureServices` goes. */
export interface EnsureServicesOptions extends DiffServicesOptions {
  /**
   * Also removes durables and schedules that natsmith made for these services and that no handler names any more.
   * Default false.
   */
  readonly prune?: boolean;
}

const DIFF_OPTIONS: OptionRules<DiffServicesOptions> = { running: anArray };
const ENSURE_OPTIONS: OptionRules<EnsureServicesOptions> = { ...DIFF_OPTIONS, prune: aBoolean };

/**
 * Creates the durable consumers and schedules that services need, with the streams of dead letters and schedules, and
 * updates those that differ, as the services would when they start. The streams that they consume from are made before, by
 * `ensureStreams`.
 *
 * ```ts
 * await ensureServices(connection, describeServices(Mailer));
 * ```
 * @throws ProvisionError that names each difference that cannot be taken away, and the way out
 * @throws TypeError for what `describeServices` has not made, and for wrong options
 */
export async function ensureServices(
  connection: Connection,
  services: readonly ServiceDescription[],
  options: EnsureServicesOptions = {},
): Promise<StreamReport[]> {
  checkConnection(connection, 'ensureServices()');
  checkOptions(options, ENSURE_OPTIONS, 'ensureServices()');
  const declared = wantedBy(services, connection, 'ensureServices()');
  // Before anything is changed: where they cannot be read, there is no report.
  const orphans = await orphansOf(connection, services, declared, options);
  const { consumers, schedules } = declared;
  const reports = await provisionStreams(ownStreams(declared), { connection, provision: 'ensure' });
  const failures: ProvisionError[] = [];
  const attempt = async (work: Promise<StreamReport>): Promise<void> => {
    try {
      reports.push(await work);
    } catch (error) {
      if (!(error instanceof ProvisionError)) throw error;
      failures.push(error);
    }
  };
  for (const consumer of consumers) await attempt(ensureDurable(consumer, { connection, provision: 'ensure' }));
  for (const schedule of schedules) await attempt(ensureSchedule(connection, schedule));
  const [first] = failures;
  if (first !== undefined) throw failures.length === 1 ? first : together(failures);
  return [...reports, ...(await reportOrphans(connection, orphans, options.prune))];
}

/**
 * Compares what services need with what the server has, field by field; nothing is changed.
 * @throws ProvisionError where this user may not look, or the server is too old for what they need
 * @throws TypeError for what `describeServices` has not made, and for wrong options
 */
export async function diffServices(
  connection: Connection,
  services: readonly ServiceDescription[],
  options: DiffServicesOptions = {},
): Promise<StreamDifference[]> {
  checkConnection(connection, 'diffServices()');
  checkOptions(options, DIFF_OPTIONS, 'diffServices()');
  const declared = wantedBy(services, connection, 'diffServices()');
  const differences = await differencesOf(connection, ownStreams(declared));
  for (const consumer of declared.consumers) differences.push(...(await durableDifferences(connection, consumer)));
  for (const schedule of declared.schedules) differences.push(...(await scheduleDifferences(connection, schedule)));
  const orphans = await orphansOf(connection, services, declared, options);
  return [...differences, ...orphans.consumers.map(consumerDifference), ...orphans.schedules.map(scheduleDifference)];
}

function wantedBy(services: unknown, connection: Connection, where: string): DeclaredHandlers {
  const all = services as readonly ServiceDescription[];
  if (
    !Array.isArray(services) ||
    !all.every((one: unknown) => Array.isArray((one as ServiceDescription | null)?.handlers))
  )
    throw new TypeError(`${where} needs an array of what describeServices() returns, got ${shown(services)}`);
  const declared = declaredHandlers(all, where);
  checkConsumerVersion(connection, declared.consumers);
  checkScheduleVersion(connection, declared.schedules);
  return declared;
}

function together(failures: readonly ProvisionError[]): ProvisionError {
  return new ProvisionError(
    failures.flatMap(({ problems }) => problems),
    failures.flatMap(({ differences }) => differences),
    { cause: failures[0] },
  );
}

/** Those of natsmith itself. */
function ownStreams({ letters, schedules }: DeclaredHandlers) {
  return [...(letters.length > 0 ? [deadLetterStream(letters)] : []), ...(schedules.length > 0 ? [Schedules] : [])];
}

interface Orphans {
  readonly consumers: readonly OrphanedConsumer[];
  readonly schedules: readonly StoredSchedule[];
}

async function orphansOf(
  connection: Connection,
  services: readonly ServiceDescription[],
  { consumers }: DeclaredHandlers,
  { running = [] }: DiffServicesOptions,
): Promise<Orphans> {
  const owners = { services, running, streams: consumers.map(({ stream }) => stream.name) };
  return {
    consumers: await orphanedConsumers(connection, owners),
    schedules: await orphanedSchedules(connection, owners),
  };
}

async function reportOrphans(
  connection: Connection,
  { consumers, schedules }: Orphans,
  prune = false,
): Promise<StreamReport[]> {
  const reports: StreamReport[] = [];
  const manager = await managerOf(connection);
  for (const orphan of consumers) {
    const { stream, durable } = orphan;
    if (prune)
      await manager.consumers.delete(stream, durable).catch((error: unknown) => {
        if (failureIn(error).kind !== 'missing') throw error;
      });
    const place = { stream, consumer: durable };
    reports.push({ ...place, ...outcomeOf([consumerDifference(orphan)], prune ? 'removed' : 'unchanged') });
  }
  const book = new ScheduleBook(connection);
  for (const schedule of schedules) {
    if (prune) await book.remove(schedule.service, schedule.name);
    const place = placeOf(schedule);
    reports.push({ ...place, ...outcomeOf([scheduleDifference(schedule)], prune ? 'removed' : 'unchanged') });
  }
  return reports;
}

function outcomeOf(found: readonly StreamDifference[], outcome: StreamReport['outcome']): Omit<StreamReport, 'stream'> {
  return outcome === 'unchanged' ? { outcome, changed: [], left: found } : { outcome, changed: found, left: [] };
}

/** As a difference of the stream that keeps it. */
function scheduleDifference(schedule: StoredSchedule): StreamDifference {
  return { stream: Schedules.name, field: 'schedule', wanted: 'none', found: written(schedule), kind: 'shrink' };
}
