import type { Preparation, Provision } from '@natsmith/core';
import { nameProblem, printable, type Connection } from '@natsmith/protocol';
import { askApi } from '../nats/api';
import { versionProblem } from '../nats/server-version';
import { storedMessage, type StoredMessage } from '../nats/stored-message';
import type { StreamDifference } from '../provision/difference';
import { failureIn } from '../provision/management-error';
import { ProvisionError } from '../provision/provision-error';
import type { StreamReport } from '../provision/provision-streams';
import { notChecked } from '../provision/wording';
import { LAST_SUBJECT_SEQUENCE, SCHEDULE, SCHEDULE_TARGET } from '../publish/prepared-event';
import { publishAcknowledged } from '../publish/publish-acknowledged';
import { PublishError, WRONG_LAST_SEQUENCE } from '../publish/publish-error';
import type { SchedulePlan } from './schedule-plan';
import { definitionSubject, Schedules, tickSubject, TIME_ZONE_HEADER } from './schedule-stream';

const UNKNOWN_ZONE = 10_223;
const OLDEST = '2.14';
const ATTEMPTS = 5;
/** Of one service; nobody reads more warnings. */
const MOST = 1_000;

/** A schedule as it is put on the server. */
export type WantedSchedule = Pick<SchedulePlan, 'service' | 'name' | 'pattern' | 'timeZone' | 'where'>;

/** @throws ProvisionError for a server that knows no schedules by pattern */
export function checkScheduleVersion(connection: Connection, plans: readonly Pick<WantedSchedule, 'where'>[]): void {
  const problems = plans
    .map(({ where }) => versionProblem(connection, `the schedule of ${where}`, OLDEST))
    .filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new ProvisionError(problems);
}

/** Puts each schedule where its pattern or zone differs from what the server has: put again, it would start anew. */
export async function putSchedules(
  plans: readonly SchedulePlan[],
  { connection, logger, provision, services }: Preparation,
): Promise<void> {
  if (provision === 'off') return;
  for (const plan of plans) {
    const { service, name, pattern, timeZone } = plan;
    const outcome = await settle(connection, plan, provision).catch((error: unknown) => {
      const { kind, words } = failureIn(error);
      if (kind !== 'forbidden') throw error;
      logger.warn({ service, schedule: name }, notChecked('schedule', words));
      return undefined;
    });
    if (outcome !== undefined) logger.info({ service, schedule: name, pattern, timeZone }, `schedule ${outcome}`);
  }
  await warnOfOrphans(plans, { connection, logger, services });
}

/**
 * What was done about it; undefined where nothing is to be done. Another instance may be as fast.
 * @throws ProvisionError
 */
async function settle(
  connection: Connection,
  schedule: WantedSchedule,
  how: Provision,
): Promise<'put' | 'changed' | undefined> {
  const { service, name } = schedule;
  for (let i = 1; ; i++) {
    const { stored, sequence } = await present(connection, schedule);
    if (isAs(stored, schedule)) return undefined;
    if (how === 'verify')
      throw new ProvisionError([
        `the schedule "${name}" of service "${service}" is ${stored === undefined ? 'missing' : quoted(stored)} on the server, not ${quoted(schedule)}; let a service put it with { provision: "ensure" }, or "natsmith streams ensure"`,
      ]);
    try {
      await put(connection, schedule, sequence);
      return stored === undefined ? 'put' : 'changed';
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      // Another instance may have put it in between.
      if (!WRONG_LAST_SEQUENCE.has(error.code) || i === ATTEMPTS) throw refused(schedule, error);
    }
  }
}

/** Puts a schedule on the server where it is missing or differs; what differed. @throws ProvisionError */
export async function ensureSchedule(connection: Connection, schedule: WantedSchedule): Promise<StreamReport> {
  const changed = await scheduleDifferences(connection, schedule);
  const done = await settle(connection, schedule, 'ensure');
  const outcome = done === undefined ? 'unchanged' : done === 'put' ? 'created' : 'updated';
  return { ...placeOf(schedule), outcome, changed: done === undefined ? [] : changed, left: [] };
}

/** Where a report puts a schedule. */
export function placeOf({
  service,
  name,
}: Pick<WantedSchedule, 'service' | 'name'>): Pick<StreamReport, 'stream' | 'schedule'> {
  return { stream: Schedules.name, schedule: `${name} of ${service}` };
}

/** What of a schedule on the server is not as it is wanted; nothing is changed. */
export async function scheduleDifferences(
  connection: Connection,
  schedule: WantedSchedule,
): Promise<StreamDifference[]> {
  const { stored } = await present(connection, schedule);
  if (isAs(stored, schedule)) return [];
  const found = stored === undefined ? 'does not exist' : written({ ...stored, ...ownerOf(schedule) });
  return [
    {
      stream: Schedules.name,
      field: 'schedule',
      wanted: written(schedule),
      found: stored === undefined || stored.target === tickTarget(schedule) ? found : `${found}, which ticks elsewhere`,
      kind: stored === undefined ? 'create' : 'update',
    },
  ];
}

/** A schedule for people, with whose it is. */
export function written({
  service,
  name,
  pattern,
  timeZone,
}: Pick<WantedSchedule, 'service' | 'name' | 'pattern' | 'timeZone'>): string {
  const zone = timeZone === undefined ? '' : ` in ${printable(timeZone, 200)}`;
  return `${name} of ${service}: ${printable(pattern, 200)}${zone}`;
}

function ownerOf({ service, name }: WantedSchedule): Pick<WantedSchedule, 'service' | 'name'> {
  return { service, name };
}

function tickTarget({ service, name }: WantedSchedule): string {
  return tickSubject(service, name);
}

interface Stored extends Pick<SchedulePlan, 'pattern' | 'timeZone'> {
  readonly target: string;
}

/** The schedule that the server has, and the sequence of what stands in its place; 0 for nothing. */
async function present(
  connection: Connection,
  { service, name }: WantedSchedule,
): Promise<{ stored: Stored | undefined; sequence: number }> {
  const found = await storedMessage(connection, Schedules.name, { last_by_subj: definitionSubject(service, name) });
  // Not always a schedule: whoever may publish there can store anything.
  return { stored: found && storedIn(found), sequence: found?.sequence ?? 0 };
}

function isAs(stored: Stored | undefined, schedule: WantedSchedule): boolean {
  const { pattern, timeZone } = schedule;
  return stored?.pattern === pattern && stored.timeZone === timeZone && stored.target === tickTarget(schedule);
}

/** As it is stored, to be compared: what is shown may be shortened. */
function storedIn({ headers }: StoredMessage): Stored | undefined {
  const pattern = headers.get(SCHEDULE);
  if (pattern === undefined) return undefined;
  return { pattern, timeZone: headers.get(TIME_ZONE_HEADER), target: headers.get(SCHEDULE_TARGET) ?? '' };
}

function quoted({ pattern, timeZone }: Pick<SchedulePlan, 'pattern' | 'timeZone'>): string {
  return `"${printable(pattern, 200)}"${timeZone === undefined ? '' : ` in ${printable(timeZone, 200)}`}`;
}

/** @param replaces the sequence of the schedule that this one replaces; of instances that start together one puts it */
async function put(connection: Connection, schedule: WantedSchedule, replaces: number): Promise<void> {
  const { service, name, pattern, timeZone } = schedule;
  const lines: [string, string][] = [
    [SCHEDULE, pattern],
    [SCHEDULE_TARGET, tickTarget(schedule)],
    [LAST_SUBJECT_SEQUENCE, String(replaces)],
  ];
  if (timeZone !== undefined) lines.push([TIME_ZONE_HEADER, timeZone]);
  await publishAcknowledged(connection, definitionSubject(service, name), new Uint8Array(0), lines);
}

function refused({ where, pattern, timeZone }: WantedSchedule, cause: PublishError): ProvisionError {
  const words =
    cause.code === UNKNOWN_ZONE
      ? `the server does not know the time zone "${timeZone ?? ''}": install its time zone data`
      : `the server refused the schedule "${pattern}": ${cause.description}`;
  return new ProvisionError([`${where}: ${words}`], [], { cause });
}

/** A schedule that no class names any more goes on ticking. */
async function warnOfOrphans(
  plans: readonly SchedulePlan[],
  { connection, logger, services }: Pick<Preparation, 'connection' | 'logger' | 'services'>,
): Promise<void> {
  for (const service of services)
    for (const name of await storedNames(connection, service).catch(() => [])) {
      if (plans.some((plan) => plan.service === service && plan.name === name)) continue;
      logger.warn(
        { service, schedule: name },
        `no class names this schedule any more, and it goes on ticking; "natsmith schedules rm ${service} ${name}" ends it, ` +
          'and "natsmith streams ensure --prune" all such schedules of a program',
      );
    }
}

/** Names alone, with one request: to read each schedule would take one for each. */
async function storedNames(connection: Connection, service: string): Promise<string[]> {
  const prefix = definitionSubject(service, '');
  const reply = await askApi(connection, `STREAM.INFO.${Schedules.name}`, { subjects_filter: `${prefix}*` });
  const { subjects = {} } = (reply as { state: { subjects?: Record<string, number> } }).state;
  return Object.keys(subjects)
    .slice(0, MOST)
    .map((subject) => subject.slice(prefix.length))
    .filter((name) => nameProblem(name) === undefined);
}
