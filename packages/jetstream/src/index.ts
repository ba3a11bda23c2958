import { beforePublishing } from '@natsmith/core';
import { preparePublished } from './provision/published';

beforePublishing('@natsmith/jetstream', preparePublished);

export { bucket, declaredBuckets, key, type Bucket, type BucketOptions, type Key } from './contract/bucket';
export { declaredStreams, eventStream, type EventStream, type EventStreamOptions } from './contract/event-stream';
export {
  KeyValueStore,
  type ExpectedRevision,
  type KeyArgs,
  type KeyParams,
  type KeyValueEntry,
  type KeyValueStoreOptions,
  type ValueOf,
  type ValueSent,
} from './bucket/key-value-store';
export { Watch } from './watch/watch';
export type { WatchContext, WatchOptions } from './watch/watch-context';
export type { PublishReceipt } from './publish/acknowledgement';
export { PublishError, UnacknowledgedError } from './publish/publish-error';
export type { Expectation, JetStreamPublishOptions, PreparedEvent } from './publish/prepared-event';
export { publishChannel, type PublishOperation } from './publish/publish-operation';
export { JetStreamPublisher, type JetStreamPublisherOptions } from './publish/publisher';
export { Consume } from './consume/consume';
export type { BatchContext, BatchMessage, BatchOptions } from './consume/batch-context';
export type { ConsumeOptions, ConsumerContext, RetryOptions } from './consume/consumer-context';
export type { BatchMessageSettlement, BatchSettlement, Settlement } from './consume/settlement';
export { Drop, Reject, Retry } from './consume/outcomes';
export { diffStreams, ensureStreams, type EnsureStreamsOptions } from './provision/ensure-streams';
export {
  diffServices,
  ensureServices,
  type DiffServicesOptions,
  type EnsureServicesOptions,
} from './provision/ensure-services';
export { ProvisionError } from './provision/provision-error';
export type { StreamReport } from './provision/provision-streams';
export type { DifferenceKind, StreamDifference } from './provision/difference';
export type { DeadLetter } from './dead-letters/dead-letter';
export { DeadLetterBox, type DeadLetterFilter } from './dead-letters/dead-letter-box';
export { Schedule } from './schedule/schedule';
export type { ScheduleContext, ScheduleOptions } from './schedule/schedule-context';
export { ScheduleBook, type ScheduleStatus, type StoredSchedule } from './schedule/schedule-book';
