import {
  checkedElsewhere,
  checkOptions,
  eventCodecOf,
  eventSubject,
  isEvent,
  type Event,
  type PublishOptions,
  type HeaderLines,
  type OptionRules,
} from '@natsmith/protocol';
import { observe } from '../channels';
import type { Caller } from './caller';
import { headerLines } from './header-lines';

/** What `client.publish` takes besides the event and its payload, whatever the event. */
export type AnyPublishOptions = PublishOptions & { readonly params?: Readonly<Record<string, unknown>> };

const PUBLISH_OPTIONS: OptionRules<AnyPublishOptions> = { params: checkedElsewhere, headers: checkedElsewhere };

const NOT_OF_A_SERVICE = { service: undefined, method: undefined, signal: undefined } as const;

/** Checks the payload of an event and publishes it; resolves when the server has taken it. */
export async function publishEvent(
  { inbox, propagation, middleware }: Caller,
  event: Event,
  payload: unknown,
  options: AnyPublishOptions = {},
): Promise<void> {
  if (!isEvent(event)) throw new TypeError('publish takes an event that event() has made; call a subject by call()');
  checkOptions(options, PUBLISH_OPTIONS, 'publish()');
  const { params, headers } = options;
  const subject = eventSubject(event, params);
  const lines = headerLines(propagation.headers, headers);
  const body = await eventCodecOf(event).encode(payload);
  const context = { kind: 'publish', subject, template: event.subject, ...NOT_OF_A_SERVICE } as const;
  const operation = observe(context, lines);
  const send = (all: HeaderLines): Promise<void> => {
    if (operation !== undefined) operation.attempts++;
    return inbox.publishEvent(subject, body, all);
  };
  const wrapped = async (all: HeaderLines): Promise<void> => {
    if (middleware.isEmpty) return send(all);
    await middleware.run(context, all, send);
  };
  return operation === undefined ? wrapped(lines) : operation.run(wrapped);
}
