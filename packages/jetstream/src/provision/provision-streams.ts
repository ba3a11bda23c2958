import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import type { Logger, Provision } from '@natsmith/core';
import { subjectCovers, type Connection } from '@natsmith/protocol';
import type { Bucket } from '../contract/bucket';
import type { EventStream } from '../contract/event-stream';
import { managerOf } from '../nats/manager';
import { versionProblem } from '../nats/server-version';
import { wantedOf } from './contracts';
import type { Change, StreamDifference } from './difference';
import { failureIn } from './management-error';
import { ProvisionError } from './provision-error';
import { abilitiesOf, type Abilities } from './stream-config';
import type { WantedStream } from './wanted-stream';
import { explained, missing, notChecked, plain, refused, sentence, titleOf } from './wording';

/** What has become of one stream, or of one consumer or schedule in it. */
export interface StreamReport {
  readonly stream: string;
  /** The durable name, for the report of a consumer. */
  readonly consumer?: string;
  /** `nightly of reporter`, for the report of a schedule. */
  readonly schedule?: string;
  /** `removed` for a consumer or schedule that no handler names any more. */
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'removed';
  /** Differences that are gone. */
  readonly changed: readonly StreamDifference[];
  /** Differences that are still there. */
  readonly left: readonly StreamDifference[];
}

/** How streams are provisioned. */
export interface Provisioning {
  readonly connection: Connection;
  readonly provision: Provision;
  /** Also shrinks limits and removes subjects. */
  readonly prune?: boolean;
  readonly logger?: Logger;
}

/** The oldest server that natsmith uses JetStream of. */
const OLDEST = '2.10';
const ALREADY_IN_USE = 10_058;
const OVERLAP = 10_065;

/**
 * Sees to it that streams and buckets are as their contracts say.
 * @throws ProvisionError that names each difference
 */
export async function provisionStreams(
  streams: Iterable<EventStream | Bucket>,
  { connection, provision, prune = false, logger }: Provisioning,
): Promise<StreamReport[]> {
  const all = new Set(streams);
  if (provision === 'off' || all.size === 0) return [];
  checkVersion(connection);
  const one = new StreamProvisioning(connection, await managerOf(connection), { provision, prune, logger });
  const reports: StreamReport[] = [];
  const failures: unknown[] = [];
  // One after the other: several contracts may be about the same stream.
  for (const stream of all)
    await one.run(wantedOf(stream)).then(
      (report) => reports.push(report),
      (error: unknown) => failures.push(error),
    );
  const [first] = failures;
  if (failures.length === 1) throw first;
  if (failures.length > 1)
    throw new ProvisionError(
      failures.flatMap((failure) => (failure instanceof ProvisionError ? failure.problems : [String(failure)])),
      failures.flatMap((failure) => (failure instanceof ProvisionError ? failure.differences : [])),
      { cause: first },
    );
  return reports;
}

/** What is different between contracts and server; nothing is changed. */
export async function differencesOf(
  connection: Connection,
  streams: Iterable<EventStream | Bucket>,
): Promise<StreamDifference[]> {
  checkVersion(connection);
  const manager = await managerOf(connection);
  const abilities = abilitiesOf(connection);
  const all = await Promise.all(
    [...streams].map(wantedOf).map(async (stream) => {
      const found = await configFound(manager, stream.name).catch((error: unknown) => {
        throw explained(titleOf(stream.name), error, 'compared');
      });
      return found === undefined ? [missing(stream)] : stream.compare(found, abilities).map(plain);
    }),
  );
  return all.flat();
}

/** @throws ProvisionError for a server without JetStream as natsmith uses it */
export function checkVersion(connection: Connection): void {
  const problem = versionProblem(connection, 'JetStream', OLDEST);
  if (problem !== undefined) throw new ProvisionError([`${problem}; upgrade it, or start with { provision: 'off' }`]);
}

class StreamProvisioning {
  private readonly abilities: Abilities;

  constructor(
    connection: Connection,
    private readonly manager: JetStreamManager,
    private readonly options: { provision: Provision; prune: boolean; logger: Logger | undefined },
  ) {
    this.abilities = abilitiesOf(connection);
  }

  async run(stream: WantedStream): Promise<StreamReport> {
    let found: StreamConfig | undefined;
    try {
      found = await configFound(this.manager, stream.name);
    } catch (error) {
      const { kind, words } = failureIn(error);
      if (kind !== 'forbidden' || this.options.provision === 'verify')
        throw explained(titleOf(stream.name), error, 'compared');
      this.options.logger?.warn({ stream: stream.name }, notChecked(stream.noun, words));
      return { stream: stream.name, outcome: 'unchanged', changed: [], left: [] };
    }
    if (found === undefined) return this.create(stream);
    return this.update(stream, found);
  }

  private async create(stream: WantedStream): Promise<StreamReport> {
    if (this.options.provision === 'verify') throw refused([missing(stream)]);
    try {
      await this.manager.streams.add(stream.config(this.abilities));
    } catch (error) {
      // Another instance was faster, with a contract of its own.
      const found = failureIn(error).code === ALREADY_IN_USE ? await configFound(this.manager, stream.name) : undefined;
      if (found === undefined)
        throw explained(titleOf(stream.name), error, 'created', await this.others(stream, error));
      return this.update(stream, found);
    }
    this.options.logger?.info({ stream: stream.name, subjects: stream.subjects }, `${stream.noun} created`);
    return { stream: stream.name, outcome: 'created', changed: [missing(stream)], left: [] };
  }

  private async update(stream: WantedStream, found: StreamConfig): Promise<StreamReport> {
    const { provision, prune, logger } = this.options;
    const differences = stream.compare(found, this.abilities);
    const fixed = differences.filter(({ kind }) => kind === 'fixed');
    if (provision === 'verify') {
      const wrong = differences.filter(isAsked);
      if (wrong.length > 0) throw refused(wrong);
      return { stream: stream.name, outcome: 'unchanged', changed: [], left: differences.map(plain) };
    }
    if (fixed.length > 0) throw refused(fixed);
    const changes = differences.filter(({ kind }) => prune || kind !== 'shrink');
    const left = differences.filter((one) => !changes.includes(one));
    for (const difference of left.filter(isAsked))
      logger?.warn(
        { ...plain(difference) },
        `${stream.noun} left as it is: ${sentence(difference)}; "natsmith streams ensure --prune" shrinks it`,
      );
    if (changes.length === 0) return { stream: stream.name, outcome: 'unchanged', changed: [], left: left.map(plain) };
    try {
      await this.manager.streams.update(stream.name, merged(changes));
    } catch (error) {
      const { kind, words } = failureIn(error);
      const needed = changes.filter(({ kind }) => kind !== 'add');
      if (kind !== 'forbidden')
        throw explained(titleOf(stream.name), error, 'updated', await this.others(stream, error));
      if (needed.length > 0) throw refused(needed, ` (this user may not update it: ${words})`);
      logger?.debug({ stream: stream.name, subject: words }, `${stream.noun} not updated: this user may not do so`);
      return { stream: stream.name, outcome: 'unchanged', changed: [], left: differences.map(plain) };
    }
    const fields = changes.map(({ field, wanted, found }) => `${field} ${found} -> ${wanted}`);
    logger?.info({ stream: stream.name, changes: fields }, `${stream.noun} updated`);
    return { stream: stream.name, outcome: 'updated', changed: changes.map(plain), left: left.map(plain) };
  }

  /** The streams that have a subject already, for the error that says so. */
  private async others(stream: WantedStream, error: unknown): Promise<string> {
    if (failureIn(error).code !== OVERLAP) return '';
    const names = new Set<string>();
    for (const subject of stream.subjects)
      for (const name of await this.manager.streams
        .names(subject)
        .next()
        .catch(() => []))
        names.add(name);
    names.delete(stream.name);
    return names.size === 0 ? '' : ` (${[...names].map((name) => `"${name}"`).join(', ')})`;
  }
}

/** Whether the contract asks for it: others may store subjects of their own in the stream. */
function isAsked({ kind, field }: Change): boolean {
  return kind !== 'add' && !(kind === 'shrink' && field === 'subjects');
}

async function configFound(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (failureIn(error).kind === 'missing') return undefined;
    throw error;
  }
}

/** Several differences may be about the subjects, each from what was found. */
function merged(changes: readonly Change[]): Partial<StreamConfig> {
  const config = Object.assign({}, ...changes.map((change) => change.config)) as Partial<StreamConfig>;
  const lists = changes.flatMap(({ config: { subjects } }) => (subjects === undefined ? [] : [subjects]));
  if (lists.length < 2) return config;
  const narrow = changes.find(({ kind, field }) => kind === 'shrink' && field === 'subjects')?.config.subjects;
  const own = changes.find(({ field }) => field === 'schedules')?.wanted;
  const subjects = [...new Set([...(narrow ?? lists.flat()), ...(own === undefined ? [] : [own])])];
  return {
    ...config,
    subjects: subjects.filter((one) => !subjects.some((other) => other !== one && subjectCovers(other, one))),
  };
}
