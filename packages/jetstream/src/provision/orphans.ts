import type { ServiceDescription } from '@natsmith/core';
import { nameProblem, printable, type Connection } from '@natsmith/protocol';
import type { ConsumerInfo } from '@nats-io/jetstream';
import { HANDLER, isOfNatsmith, SERVICE } from '../consume/consumer-config';
import { managerOf } from '../nats/manager';
import { ScheduleBook, type StoredSchedule } from '../schedule/schedule-book';
import { Schedules } from '../schedule/schedule-stream';
import type { StreamDifference } from './difference';
import { failureIn } from './management-error';

/** A durable that natsmith made for a handler which no class has any more. */
export interface OrphanedConsumer {
  readonly stream: string;
  readonly durable: string;
  readonly service: string;
  readonly handler: string;
  /** Messages that wait for it. */
  readonly waiting: number;
}

/** Nobody reads more. */
const MOST = 10_000;

/** Those of the given services, and whom they may belong to instead. */
export interface Owners {
  /** Whose handlers are known: only what is theirs by name can be an orphan. */
  readonly services: readonly ServiceDescription[];
  /** Services that run, by INFO: what they consume belongs to them, whatever class they were made from. */
  readonly running: readonly ServiceDescription[];
  /** Streams that are looked at where the user may not list them all. */
  readonly streams: readonly string[];
}

/**
 * The durables of services, on all streams that this user may list, that no handler consumes from any more. Only those
 * that natsmith made for one of the services count, and none that somebody asks for messages.
 */
export async function orphanedConsumers(
  connection: Connection,
  { services, running, streams }: Owners,
): Promise<OrphanedConsumer[]> {
  const names = new Set(services.map(({ name }) => name));
  if (names.size === 0) return [];
  const known = new Set([...services, ...running].flatMap(durablesOf));
  const { consumers } = await managerOf(connection);
  const orphans: OrphanedConsumer[] = [];
  for (const stream of await streamsWithConsumers(connection, streams)) {
    // The ticks of a schedule go with it.
    if (stream === Schedules.name) continue;
    try {
      let seen = 0;
      for await (const info of consumers.list(stream)) {
        if (++seen > MOST) break;
        const orphan = orphanIn(info, names);
        if (orphan !== undefined && !known.has(`${stream} ${info.name}`)) orphans.push({ stream, ...orphan });
      }
    } catch (error) {
      const { kind } = failureIn(error);
      if (kind !== 'missing' && kind !== 'forbidden') throw error;
    }
  }
  return orphans;
}

/** The schedules of services that no class names any more: they go on ticking. */
export async function orphanedSchedules(
  connection: Connection,
  { services, running }: Owners,
): Promise<StoredSchedule[]> {
  const known = new Set(
    [...services, ...running].flatMap(({ name, handlers }) =>
      handlers.filter(({ kind }) => kind === 'schedule').map((handler) => `${name} ${handler.name}`),
    ),
  );
  const book = new ScheduleBook(connection);
  const all = await Promise.all([...new Set(services.map(({ name }) => name))].map((name) => book.list(name)));
  return all.flat().filter(({ service, name }) => !known.has(`${service} ${name}`));
}

/** As a difference of the stream that has it. */
export function consumerDifference(orphan: OrphanedConsumer): StreamDifference {
  const { stream, durable, service, handler, waiting } = orphan;
  return {
    stream,
    consumer: durable,
    field: 'consumer',
    wanted: 'none',
    found: `made for ${handler} of ${service}, ${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'} for it`,
    kind: 'shrink',
  };
}

/** INFO has them as queue groups, with the stream beside. */
function durablesOf({ handlers }: ServiceDescription): string[] {
  return handlers.flatMap(({ queueGroup, metadata, details }) => {
    const stream = details?.stream ?? metadata.stream;
    return typeof stream === 'string' ? [`${stream} ${queueGroup}`] : [];
  });
}

function orphanIn(
  { name, config, num_pending, num_waiting }: ConsumerInfo,
  services: ReadonlySet<string>,
): Omit<OrphanedConsumer, 'stream'> | undefined {
  const service = config.metadata?.[SERVICE];
  // Those of watches go by themselves; and who asks for messages owns it, an old version that still runs among them.
  if (config.durable_name === undefined || num_waiting > 0 || nameProblem(name) !== undefined) return undefined;
  if (service === undefined || !services.has(service) || !isOfNatsmith(config)) return undefined;
  return { durable: name, service, handler: printable(config.metadata?.[HANDLER] ?? '', 255), waiting: num_pending };
}

async function streamsWithConsumers(connection: Connection, named: readonly string[]): Promise<readonly string[]> {
  const { streams } = await managerOf(connection);
  const found: string[] = [];
  try {
    for await (const { config, state } of streams.list()) {
      if (state.consumer_count > 0) found.push(config.name);
      if (found.length === MOST) break;
    }
    return found;
  } catch (error) {
    if (failureIn(error).kind !== 'forbidden') throw error;
    return [...new Set(named)];
  }
}
