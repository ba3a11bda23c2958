import { createHash } from 'node:crypto';
import type { Preparation } from '@natsmith/core';
import type { Connection } from '@natsmith/protocol';
import { ApiError } from '../nats/api';
import { managerOf } from '../nats/manager';
import { isAtLeast, serverVersion } from '../nats/server-version';
import { ProvisionError } from '../provision/provision-error';
import { publishAcknowledged } from '../nats/publish-acknowledged';
import type { SchedulePlan } from './schedule-plan';
import { definitionSubject, Schedules } from './schedule-stream';

const PATTERN = 'Nats-Schedule';
const TARGET = 'Nats-Schedule-Target';
const TIME_ZONE = 'Nats-Schedule-Time-Zone';
const UNKNOWN_ZONE = 10_223;
const OLDEST = '2.14';
/** Milliseconds within which instances that start put a schedule once. */
const TOGETHER = 4_000;

/** @throws ProvisionError for a server that knows no schedules by pattern */
export function checkScheduleVersion(connection: Connection, plans: readonly SchedulePlan[]): void {
  if (plans.length === 0 || isAtLeast(connection, OLDEST)) return;
  throw new ProvisionError([
    `${plans[0]?.where ?? 'a schedule'} needs nats-server ${OLDEST} or later for schedules, and this is ${serverVersion(connection)}`,
  ]);
}

/** Puts each schedule where its pattern or zone differs from what the server has: put again, it would start anew. */
export async function putSchedules(
  plans: readonly SchedulePlan[],
  { connection, logger, provision, services }: Preparation,
): Promise<void> {
  if (provision === 'off') return;
  const { streams } = await managerOf(connection);
  for (const plan of plans) {
    const { service, name, pattern, timeZone, subject } = plan;
    const at = definitionSubject(service, name);
    const found = await streams.getMessage(Schedules.name, { last_by_subj: at }).catch(() => null);
    const has = (header: string): string => found?.header.get(header) ?? '';
    if (has(PATTERN) === pattern && has(TIME_ZONE) === (timeZone ?? '') && has(TARGET) === subject) continue;
    if (provision === 'verify')
      throw new ProvisionError([
        `the schedule "${name}" of service "${service}" is ${found === null ? 'missing' : `"${has(PATTERN)}"`} on the server, not "${pattern}"`,
      ]);
    await put(connection, at, plan);
    logger.info({ service, schedule: name, pattern, timeZone }, found === null ? 'schedule put' : 'schedule changed');
  }
  await warnOfOrphans(plans, { connection, logger, services });
}

async function put(connection: Connection, at: string, plan: SchedulePlan): Promise<void> {
  const { pattern, timeZone, subject, where } = plan;
  const lines: [string, string][] = [
    [PATTERN, pattern],
    [TARGET, subject],
    ...(timeZone === undefined ? [] : ([[TIME_ZONE, timeZone]] as [string, string][])),
    // Instances that start at the same time put it once.
    [
      'Nats-Msg-Id',
      createHash('sha256')
        .update(`${at} ${pattern} ${timeZone ?? ''} ${Math.floor(Date.now() / TOGETHER)}`)
        .digest('hex'),
    ],
  ];
  try {
    await publishAcknowledged(connection, at, new Uint8Array(0), lines);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    const words =
      cause.errorCode === UNKNOWN_ZONE
        ? `the server does not know the time zone "${timeZone ?? ''}": install its time zone data`
        : `the server refused the schedule "${pattern}": ${cause.message}`;
    throw new ProvisionError([`${where}: ${words}`], [], { cause });
  }
}

/** A schedule that no class names any more goes on ticking. */
async function warnOfOrphans(
  plans: readonly SchedulePlan[],
  { connection, logger, services }: Pick<Preparation, 'connection' | 'logger' | 'services'>,
): Promise<void> {
  const { streams } = await managerOf(connection);
  for (const service of services) {
    const filter = definitionSubject(service, '>');
    const info = await streams.info(Schedules.name, { subjects_filter: filter }).catch(() => undefined);
    for (const subject of Object.keys(info?.state.subjects ?? {})) {
      const name = subject.slice(filter.length - 1);
      if (plans.some((plan) => plan.service === service && plan.name === name)) continue;
      logger.warn(
        { service, schedule: name },
        `no class names this schedule any more, and it goes on; purge "${subject}" from stream "${Schedules.name}" to end it`,
      );
    }
  }
}
