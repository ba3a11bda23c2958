import { shown } from '@natsmith/protocol';
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

/** @throws TypeError for what is not an array of streams and buckets, such as one of a circular import */
export function checkContracts(contracts: unknown, where: string): void {
  if (!Array.isArray(contracts))
    throw new TypeError(`${where} needs an array of streams and buckets, got ${shown(contracts)}`);
  for (const one of contracts as readonly unknown[])
    if (typeof one !== 'object' || one === null || !('name' in one))
      throw new TypeError(
        `${where} was given ${shown(one)} in the place of a stream or bucket; is one used before its declaration, or in a ` +
          'circular import?',
      );
}
