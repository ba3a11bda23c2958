import type { StreamConfig } from '@nats-io/jetstream';
import { randomToken, subjectCovers, type Connection } from '@natsmith/protocol';
import { nanosecondsOf, writtenNanoseconds } from '../nats/duration';
import { managerOf } from '../nats/manager';
import { versionProblem } from '../nats/server-version';
import { scheduleSubject } from '../provision/schedules';
import { NO_SCHEDULES, NO_STREAM, PublishError } from './publish-error';

/** Milliseconds that what was found out about a stream is believed. */
const FRESH = 30_000;

/** Finds where an event waits for its time, and whether it would be stored then. */
export class ScheduleSubjects {
  private known: { readonly config: StreamConfig; readonly until: number }[] = [];

  constructor(private readonly connection: Connection) {}

  /**
   * A subject of its own for one schedule, in the stream of the event.
   * @param at ISO 8601, as in the header
   * @throws PublishError when the stream cannot keep it until then
   */
  async subjectFor(target: string, at: string): Promise<string> {
    const tooOld = versionProblem(this.connection, 'at', '2.12');
    if (tooOld !== undefined) throw new PublishError(target, NO_SCHEDULES, tooOld);
    const now = Date.now();
    this.known = this.known.filter(({ until }) => until > now);
    const config =
      this.known.find((one) => one.config.subjects.some((subject) => subjectCovers(subject, target)))?.config ??
      (await this.find(target));
    const problem = problemOf(config, new Date(at).getTime() - now);
    if (problem !== undefined) {
      this.known = this.known.filter((one) => one.config !== config);
      throw new PublishError(target, NO_SCHEDULES, `stream "${config.name}" cannot deliver it later: ${problem}`);
    }
    return `${scheduleSubject(config.name)}.${randomToken()}`;
  }

  private async find(target: string): Promise<StreamConfig> {
    const manager = await managerOf(this.connection);
    const [found] = await manager.streams.list(target).next();
    if (found === undefined) throw new PublishError(target, NO_STREAM, 'no stream');
    this.known.push({ config: found.config, until: Date.now() + FRESH });
    return found.config;
  }
}

/** Why a stream would lose a message that waits in it for so many milliseconds. */
function problemOf(config: StreamConfig, wait: number): string | undefined {
  const { name, retention, discard, max_age: maxAge, subjects, mirror, sources } = config;
  if (mirror !== undefined || (sources?.length ?? 0) > 0) return 'it copies other streams';
  if (retention === 'interest') return 'its retention is interest, and a message that waits is dropped at once';
  if (discard === 'new') return 'it has discard "new"';
  const { allow_msg_schedules: allowed } = config as { allow_msg_schedules?: boolean };
  const own = `${scheduleSubject(name)}.x`;
  if (allowed !== true || !subjects.some((subject) => subjectCovers(subject, own)))
    return `it has no subject "${scheduleSubject(name)}.>" with schedules; let natsmith ensure it (ensureStreams, "natsmith streams ensure")`;
  if (maxAge > 0 && nanosecondsOf(wait) > maxAge)
    return `its maxAge is ${writtenNanoseconds(maxAge)}, and the message would be removed before ${new Date(Date.now() + wait).toISOString()}`;
  return undefined;
}
