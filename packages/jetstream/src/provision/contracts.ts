import { wantedOfBucket } from '../bucket/bucket-stream';
import type { Bucket } from '../contract/bucket';
import type { EventStream } from '../contract/event-stream';
import { configOf } from './stream-config';
import { compareStream } from './stream-difference';
import type { WantedStream } from './wanted-stream';

/** What a contract wants of the server. */
export function wantedOf(contract: EventStream | Bucket): WantedStream {
  if ('keys' in contract) return wantedOfBucket(contract);
  const { name, subjects } = contract;
  return {
    name,
    noun: 'stream',
    subjects,
    config: (abilities) => configOf(contract, abilities),
    compare: (found, abilities) => compareStream(contract, found, abilities),
  };
}
