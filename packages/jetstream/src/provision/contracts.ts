import { wantedOfBucket } from '../bucket/bucket-stream';
import type { Bucket } from '../contract/bucket';
import { isShared } from '../contract/dead-letter';
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
    compare: (found, abilities) => {
      const differences = compareStream(contract, found, abilities);
      return isShared(contract) ? differences.filter(({ kind }) => kind !== 'shrink') : differences;
    },
  };
}
