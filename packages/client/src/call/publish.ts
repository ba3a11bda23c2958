import { eventCodecOf, eventSubject, isEvent, type Event, type PublishOptions } from '@natsmith/protocol';
import type { Caller } from './call';
import { headerLines, type HeaderLines } from './request';

/** What `client.publish` takes besides the event and its payload, whatever the event. */
export type AnyPublishOptions = PublishOptions & { readonly params?: Readonly<Record<string, unknown>> };

/** Checks the payload of an event and publishes it; resolves when the server has taken it. */
export async function publishEvent(
  { inbox, propagation, middleware }: Caller,
  event: Event,
  payload: unknown,
  { params, headers }: AnyPublishOptions = {},
): Promise<void> {
  if (!isEvent(event)) throw new TypeError('publish takes an event that event() has made; call a subject by call()');
  const subject = eventSubject(event, params);
  const lines = headerLines(propagation.headers, headers);
  const body = await eventCodecOf(event).encode(payload);
  const send = (all: HeaderLines): Promise<void> => inbox.publishEvent(subject, body, all);
  if (middleware.isEmpty) return send(lines);
  const context = { kind: 'publish', subject, template: event.subject } as const;
  await middleware.run({ ...context, service: undefined, method: undefined, signal: undefined }, lines, send);
}
