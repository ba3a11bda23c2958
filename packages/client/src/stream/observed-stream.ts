import type { HeaderLines } from '@natsmith/protocol';
import type { ObservedOperation } from '../channels';
import { OpenedStream } from './opened-stream';

/** Opens a stream that is observed, and reports its end: the last item, an error, or that the reader leaves. */
export async function openObserved<Item>(
  operation: ObservedOperation,
  left: AbortSignal,
  open: (lines: HeaderLines) => Promise<OpenedStream<Item>>,
): Promise<OpenedStream<Item>> {
  try {
    const { first, rest } = await operation.begin(open);
    count(operation, first);
    return new OpenedStream(first, new ObservedItems(operation, rest));
  } catch (error) {
    // Leaving is not a failure.
    operation.end(left.aborted ? undefined : error);
    throw error;
  }
}

class ObservedItems<Item> implements AsyncIterator<Item, undefined> {
  constructor(
    private readonly operation: ObservedOperation,
    private readonly items: AsyncIterator<Item, undefined>,
  ) {}

  async next(): Promise<IteratorResult<Item, undefined>> {
    try {
      const result = await this.items.next();
      count(this.operation, result);
      return result;
    } catch (error) {
      this.operation.end(error);
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    try {
      await this.items.return?.();
      return { done: true, value: undefined };
    } finally {
      this.operation.end();
    }
  }
}

function count(operation: ObservedOperation, result: IteratorResult<unknown, undefined>): void {
  if (result.done === true) operation.end();
  else operation.items++;
}
