import { withServerLevel } from './level';
import type { Stream } from './stream';
import type { StreamConfig } from './stream-config';
import { fromBytes } from './subject-filter';
import { formatTime, NO_TIME } from './time-format';

/** What STREAM.INFO adds where it is asked for. */
export interface StreamDetails {
  readonly subjects?: readonly (readonly [string, number])[];
  readonly deleted?: boolean;
}

// A list of all holes could be as long as everything that was ever published.
const MAX_DELETED = 100_000;

/** A stream as nats-server shows it. */
export function streamInfo(stream: Stream, tellsServer: boolean, details: StreamDetails = {}): object {
  const { log, consumers, config, clock, created } = stream;
  const first = log.first();
  const holes = log.count === 0 ? 0 : log.lastSequence - log.firstSequence + 1 - log.count;
  return {
    config: configInfo(config, tellsServer),
    created: formatTime(created),
    state: {
      messages: log.count,
      bytes: log.bytes,
      first_seq: log.firstSequence,
      first_ts: first ? formatTime(first.time) : NO_TIME,
      last_seq: log.lastSequence,
      last_ts: log.lastTime === undefined ? NO_TIME : formatTime(log.lastTime),
      ...(log.subjectCount > 0 ? { num_subjects: log.subjectCount } : {}),
      ...(details.subjects && details.subjects.length > 0
        ? { subjects: Object.fromEntries(details.subjects.map(([subject, count]) => [fromBytes(subject), count])) }
        : {}),
      ...(holes > 0 ? { num_deleted: holes } : {}),
      ...(holes > 0 && details.deleted ? { deleted: deleted(stream) } : {}),
      consumer_count: consumers.size,
    },
    ts: formatTime(clock.now()),
  };
}

function configInfo(config: StreamConfig, tellsServer: boolean): object {
  const told: Record<string, unknown> = { ...config, metadata: { ...config.metadata } };
  if (tellsServer) told.metadata = withServerLevel(config.metadata);
  for (const name of EMPTIED) if (!told[name]) delete told[name];
  return told;
}

// What nats-server leaves out where it is nothing.
const EMPTIED = [
  'description',
  'no_ack',
  'first_seq',
  'discard_new_per_subject',
  'subject_delete_marker_ttl',
  'allow_msg_schedules',
] as const;

function deleted({ log }: Stream): number[] {
  const holes: number[] = [];
  for (let sequence = log.firstSequence; sequence <= log.lastSequence && holes.length < MAX_DELETED; sequence++) {
    if (!log.get(sequence)) holes.push(sequence);
  }
  return holes;
}
