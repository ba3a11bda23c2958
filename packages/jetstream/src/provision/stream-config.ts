import type { StreamConfig } from '@nats-io/jetstream';
import type { Connection } from '@natsmith/protocol';
import type { EventStream } from '../contract/event-stream';
import { isAtLeast } from '../nats/server-version';
import { scheduleSubject } from './schedules';
import { durationOf } from '../nats/duration';

/** What says that natsmith has made a stream or a consumer. */
export const MADE_BY: Readonly<Record<string, string>> = { 'natsmith.made': 'true' };

/** What the server of a connection can do with streams. */
export interface Abilities {
  /** Messages with an age of their own; nats-server 2.11. */
  readonly ttl: boolean;
  /** Messages that are delivered later; nats-server 2.12. */
  readonly schedules: boolean;
}

export function abilitiesOf(connection: Connection): Abilities {
  return { ttl: isAtLeast(connection, '2.11'), schedules: isAtLeast(connection, '2.12') };
}

/** Whether a stream may hold messages that are delivered later. */
export function takesSchedules({ retention, discard }: Pick<StreamConfig, 'retention' | 'discard'>): boolean {
  return retention !== 'interest' && discard !== 'new';
}

/** What a stream is created with. */
export function configOf(stream: EventStream, { ttl, schedules }: Abilities): Partial<StreamConfig> & { name: string } {
  const { retention = 'limits', storage = 'file', discard = 'old' } = stream.options;
  const { maxAge, maxBytes, maxMessages, replicas, duplicateWindow } = stream.options;
  const withSchedules = schedules && takesSchedules({ retention, discard });
  return {
    name: stream.name,
    subjects: [...stream.subjects, ...(withSchedules ? [`${scheduleSubject(stream.name)}.>`] : [])],
    retention,
    storage,
    discard,
    metadata: { ...MADE_BY },
    ...(maxAge !== undefined && { max_age: durationOf(maxAge) }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(maxMessages !== undefined && { max_msgs: maxMessages }),
    ...(replicas !== undefined && { num_replicas: replicas }),
    ...(duplicateWindow !== undefined && { duplicate_window: durationOf(duplicateWindow) }),
    ...(ttl && { allow_msg_ttl: true }),
    ...(withSchedules && { allow_msg_schedules: true }),
  };
}
