/* eslint-disable @typescript-eslint/no-unsafe-call -- what does not compile has no types */
/* What does not compile is part of the contract: tsc checks this file, with an error where @ts-expect-error has none. */
import type { ClientOperation } from '@natsmith/client';
import type { MessageContext, MessageEnd, MessageError, MessageStart } from '@natsmith/core';
import type {
  BatchSettlement,
  ConsumerContext,
  PublishOperation,
  ScheduleContext,
  Settlement,
} from '@natsmith/jetstream';
import { metrics, trace } from '@opentelemetry/api';
import { instrument } from '../src/index';
import type * as read from '../src/published';

/** Compiled, never run. */
const compiled: (() => unknown)[] = [];

/** Compiles where what is published has all that is read of it. */
function has<Read>(..._published: Read[]): void {}

/** Any value of a type, for the compiler alone. */
declare function a<T>(): T;

describe('types, checked by tsc', () => {
  it('of this file compile', () => {
    expect(compiled.length).toBeGreaterThan(0);
  });
});

compiled.push(function whatCorePublishes() {
  has<read.MessageStart>(a<MessageStart>());
  has<read.MessageError>(a<MessageError>());
  has<read.MessageEnd>(a<MessageEnd>());
  has<read.MessageContext>(a<MessageContext>());
  // What a listener sets.
  has<Pick<MessageStart, 'around' | 'trace'>>(a<Required<Pick<read.MessageStart, 'around' | 'trace'>>>());
});

compiled.push(function whatClientAndJetStreamPublish() {
  has<read.Operation>(a<ClientOperation>(), a<PublishOperation>());
  has<read.Settlement>(a<Settlement>(), a<BatchSettlement>());
  has<Required<Pick<read.Settlement, 'end'>>>(a<Settlement>());
  has<Required<Pick<read.Settlement, 'messages'>>>(a<BatchSettlement>());
  has<Required<Pick<read.Operation, 'kind' | 'attempts' | 'items'>>>(a<ClientOperation>());
  has<read.DeliveredContext>(a<ConsumerContext>());
  has<Omit<read.DeliveredContext, 'stream' | 'sequence'>>(a<ScheduleContext>());
});

compiled.push(function options() {
  instrument({ tracer: trace.getTracer('mine'), meter: metrics.getMeter('mine') });
  instrument({ tracer: false, meter: false });
  // #region ratio
  instrument({ sampleRatio: 0.01 });
  // #endregion ratio
  // @ts-expect-error -- the name of a tracer is none
  instrument({ tracer: 'mine' });
  // @ts-expect-error -- a ratio is a number
  instrument({ sampleRatio: '1%' });
  // @ts-expect-error -- there is no such option
  instrument({ sampler: 0.01 });
  // @ts-expect-error -- only stop() is there
  return instrument().flush();
});
