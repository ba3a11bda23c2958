import { millisecondsOf } from '@natsmith/protocol';
import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import type { EventStream } from '../contract/event-stream';

const NANOSECONDS = 1_000_000;

/** Makes a stream where it is missing. */
export async function ensureStream({ streams }: JetStreamManager, stream: EventStream): Promise<void> {
  try {
    await streams.info(stream.name);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await streams.add(streamConfigOf(stream) as StreamConfig);
  }
}

/** @throws Error when a stream is missing */
export async function verifyStream({ streams }: JetStreamManager, stream: EventStream): Promise<void> {
  await streams.info(stream.name).catch((cause: unknown) => {
    if (!isMissing(cause)) throw cause;
    throw new Error(`stream "${stream.name}" does not exist; create it, or start with { provision: "ensure" }`, {
      cause,
    });
  });
}

function streamConfigOf({ name, subjects, options }: EventStream): Partial<StreamConfig> {
  const { retention, storage, maxAge, maxBytes, maxMessages, replicas, duplicateWindow, discard } = options;
  return {
    name,
    subjects: [...subjects],
    retention: retention ?? 'limits',
    storage: storage ?? 'file',
    num_replicas: replicas ?? 1,
    discard: discard ?? 'old',
    ...(maxAge !== undefined && { max_age: millisecondsOf(maxAge) * NANOSECONDS }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(maxMessages !== undefined && { max_msgs: maxMessages }),
    ...(duplicateWindow !== undefined && { duplicate_window: millisecondsOf(duplicateWindow) * NANOSECONDS }),
  };
}

function isMissing(error: unknown): boolean {
  return /not found/i.test(error instanceof Error ? error.message : String(error));
}
