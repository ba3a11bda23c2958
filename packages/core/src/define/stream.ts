import type { ItemStream, ItemType } from './handler';

/**
 * Says that an endpoint takes or gives a stream: `request: stream(Item)` makes the payload an `AsyncIterable<Item>` whose
 * items are validated one by one, and `response: stream(Item)` shows clients that the reply is one.
 */
export function stream<Item extends ItemType>(item: Item): ItemStream<Item> {
  return { streamOf: item };
}

export function isItemStream(value: unknown): value is ItemStream {
  return typeof value === 'object' && value !== null && 'streamOf' in value;
}
