import type { EndpointStats, InfoResponse, PingResponse, StatsResponse } from '@natsmith/protocol';
import type { RequestContext } from '../define/handler';
import type { EndpointOptions, GroupOptions } from '../define/options';
import type { HandlerMeasures } from '../pipeline/measures';

/** What `addEndpoint` takes as a handler; its payload is taken as it is, unless `request` says otherwise. */
export type AddedHandler<Payload = unknown> = (payload: Payload, ctx: RequestContext) => unknown;

/** Where endpoints can be added: a running service, or a group of it. */
export interface EndpointHost {
  /**
   * Adds an endpoint to the running service; it is listed at once, and the promise resolves when the server knows it;
   * it rejects when the server refuses the subject.
   * @throws DefinitionError when the name, subject or an option is wrong, or the subject is taken
   */
  addEndpoint<Payload = never>(
    name: string,
    handler: AddedHandler<Payload>,
    options?: Omit<EndpointOptions, 'name'>,
  ): Promise<void>;
  /** A prefix for endpoints that are added through it (ADR-32, Group). */
  addGroup(prefix: string, options?: Omit<GroupOptions, 'groups'>): EndpointHost;
}

/** A handler of a running service. */
export interface HandlerStatus {
  /** As in `ctx.kind`. */
  readonly kind: string;
  readonly name: string;
  readonly subject: string;
  /** Or what stands for it, such as the durable name of a consumer; `""` for none. */
  readonly queueGroup: string;
  /**
   * Whether it takes messages: the server has accepted its subject, its consumer is bound. While the connection is away
   * it says what was true before (`host.status` shows the connection).
   */
  readonly isTaking: boolean;
}

/** The numbers of a handler: those of ADR-32, and natsmith's own, which are not sent over the wire. */
export interface HandlerStats extends EndpointStats {
  /** As in `ctx.kind`. */
  readonly kind: string;
  readonly measures: HandlerMeasures;
  /** What the kind measures besides at this moment, by name: the messages that wait for a consumer, for one. */
  readonly gauges: Readonly<Record<string, number>>;
}

/** The numbers of a service. */
export interface ServiceStats extends StatsResponse {
  endpoints: HandlerStats[];
}

/** A running instance of a service (ADR-32, Service). */
export interface RunningService extends EndpointHost {
  readonly name: string;
  readonly version: string;
  /** Unique per instance: a NUID of 22 characters. */
  readonly id: string;
  /** Its handlers of all kinds, in the order of INFO, and whether each takes messages. */
  readonly handlers: readonly HandlerStatus[];
  ping(): PingResponse;
  info(): InfoResponse;
  /** What STATS answers, and natsmith's own numbers beside it. */
  stats(): Promise<ServiceStats>;
  /** Zeroes every counter and renews `started`. */
  reset(): void;
  /**
   * Leaves the queue groups, finishes what runs, leaves discovery. Other services on the connection go on.
   * @param error why it stops, for a stop that is not an ordinary one; `stopped` resolves to it
   */
  stop(error?: Error): Promise<Error | null>;
  /** Resolves when the service has stopped, with the error if there was one. */
  readonly stopped: Promise<Error | null>;
}
