import {
  eventCodecOf,
  headersOf,
  parseTemplate,
  type Event,
  type Message,
  type ParamsOf,
  type Received,
  type ReceivedHeaders,
} from '@natsmith/protocol';

/** An event that has arrived. */
export type ReceivedEvent<E extends Event = Event> = E extends Event
  ? {
      readonly payload: [Received<E>] extends [never] ? unknown : Received<E>;
      /** The values of the named tokens. */
      readonly params: ParamsOf<E>;
      readonly subject: string;
      readonly headers: ReceivedHeaders;
      readonly event: E;
    }
  : never;

/** Decodes and checks an event. @throws whatever its codec or validator throws */
export async function readEvent<E extends Event>(event: E, message: Message): Promise<ReceivedEvent<E>> {
  const { subject, data } = message;
  const payload = await eventCodecOf(event).decode(data);
  return { payload, params: paramsIn(event, subject), subject, headers: headersOf(message), event } as ReceivedEvent<E>;
}

function paramsIn({ subject }: Event, received: string): Record<string, string> {
  const tokens = received.split('.');
  return Object.fromEntries(parseTemplate(subject).params.map(({ name, index }) => [name, tokens[index] ?? '']));
}
