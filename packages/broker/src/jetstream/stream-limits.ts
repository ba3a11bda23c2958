import { refusals } from './api-error';
import type { MessageLog, StoredMessage } from './message-log';
import type { StreamConfig } from './stream-config';

/** A stream as far as its limits go. */
export interface Limited {
  readonly config: StreamConfig;
  readonly log: MessageLog;
  remove(message: StoredMessage): void;
}

/** Bytes that a message counts with, as in nats-server. */
export function storedSize({ storage }: StreamConfig, subject: string, headerSize: number, frame: Buffer): number {
  const size = subject.length + frame.length - 2;
  if (storage === 'memory') return size + 16;
  return size + (headerSize > 0 ? 34 : 30);
}

/**
 * Throws where a stream that discards the new has no room for one more.
 * @param replacesSubject whether the others of its subject go
 */
export function checkRoom({ config, log }: Limited, subject: string, size: number, replacesSubject: boolean): void {
  const isFull = config.max_msgs_per_subject > 0 && log.countOf(subject) >= config.max_msgs_per_subject;
  if (isFull && config.discard_new_per_subject && !replacesSubject)
    throw refusals.storeFailed('maximum messages per subject exceeded');
  if (config.max_msgs > 0 && log.count >= config.max_msgs && !isFull)
    throw refusals.storeFailed('maximum messages exceeded');
  if (config.max_bytes > 0 && log.bytes + size > config.max_bytes) {
    if (!isFull || (log.firstOf(subject)?.size ?? 0) < size) throw refusals.storeFailed('maximum bytes exceeded');
  }
}

/** Removes the oldest of a subject that are too many. */
export function enforceSubject(stream: Limited, subject: string): void {
  const { log, config } = stream;
  while (log.countOf(subject) > config.max_msgs_per_subject) stream.remove(log.firstOf(subject)!);
}

/** Removes the oldest while there are too many, or too many bytes. */
export function enforceLimits(stream: Limited): void {
  const { log, config } = stream;
  while (config.max_msgs > 0 && log.count > config.max_msgs) stream.remove(log.first()!);
  while (config.max_bytes > 0 && log.bytes > config.max_bytes && log.count > 0) stream.remove(log.first()!);
}
