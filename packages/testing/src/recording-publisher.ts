import {
  eventCodecOf,
  eventSubject,
  headerBlock,
  ReceivedHeaders,
  TRACE_HEADERS,
  type Event,
  type EventPublisher,
  type ParamsOf,
  type Publishable,
  type PublishArgs,
  type PublishContext,
  type PublishOptions,
  type Received,
  type Sent,
} from '@natsmith/protocol';

/** An event that a {@link RecordingPublisher} was given, as its subscribers would get it. */
export interface PublishedEvent<E extends Event = Event> {
  readonly event: E;
  /** With the values of the event's named tokens. */
  readonly subject: string;
  readonly params: ParamsOf<E>;
  /** Decoded and validated: a schema's output, an instance of a class. */
  readonly payload: Received<E>;
  readonly headers: Pick<ReceivedHeaders, 'get' | 'getAll' | 'has' | 'keys'>;
}

type Lines = readonly (readonly [name: string, value: string])[];
type Options = PublishOptions & { readonly params?: Readonly<Record<string, unknown>> };

/** A publisher for unit tests: checks events as a real one does, sends nothing, and remembers. */
export class RecordingPublisher implements EventPublisher<PublishOptions, void> {
  readonly #events: PublishedEvent[] = [];

  /**
   * @throws ServiceError 400 with the violations; such an event is not remembered
   * @throws TypeError when a named token has no value, or a header cannot be sent
   */
  publish<E extends Event>(
    event: E & Publishable<E>,
    payload: Sent<E>,
    ...[options]: PublishArgs<E, PublishOptions>
  ): Promise<void> {
    return this.#record(event, payload, options, []);
  }

  /** A publisher that remembers in the same place, with the trace headers of a request or event. */
  with(ctx: PublishContext): EventPublisher<PublishOptions, void> {
    const trace = TRACE_HEADERS.map((name) => [name, ctx.headers.get(name)] as const);
    const propagated = trace.filter((line): line is [string, string] => line[1] !== undefined);
    return {
      publish: (event, payload, ...[options]) => this.#record(event, payload, options, propagated),
      with: (other) => this.with(other),
    };
  }

  /** What was published of one event, or of all, in the order in which it was accepted. */
  published(): readonly PublishedEvent[];
  published<E extends Event>(event: E): readonly PublishedEvent<E>[];
  published(event?: Event): readonly PublishedEvent[] {
    return this.#events.filter((published) => event === undefined || published.event === event);
  }

  /** Forgets what was published. */
  clear(): void {
    this.#events.length = 0;
  }

  async #record(event: Event, payload: unknown, options: Options = {}, propagated: Lines): Promise<void> {
    const { params = {}, headers = {} } = options;
    const subject = eventSubject(event, params);
    const own = Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((value) => [name, value] as const),
    );
    const block = headerBlock([...propagated.filter(([name]) => !(name in headers)), ...own]);
    const codec = eventCodecOf(event);
    // What is remembered has travelled: what the test changes in the payload later does not change it.
    const received = await codec.decode(await codec.encode(payload));
    this.#events.push({
      event,
      subject,
      params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])),
      payload: received,
      headers: new ReceivedHeaders(block.block()),
    });
  }
}
