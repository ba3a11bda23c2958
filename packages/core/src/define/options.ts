import type { Duration, EndpointStats, Event } from '@natsmith/protocol';
import type { Codec, CodecName, PayloadType } from './handler';

/** A class as decorators and containers see it. */
export type Class<T = object> = abstract new (...args: never) => T;

/** Limits of an endpoint, or of all requests of a service together. */
export interface Limits {
  /** Milliseconds, or a string such as `'30s'`, until the caller gets 504; for a service, the default of its endpoints. */
  timeout?: Duration;
  /** Requests that run at the same time; more wait. */
  concurrency?: number;
  /** Requests that wait for a place when `concurrency` is used up; more get 503. Default 1,000. */
  maxPending?: number;
  /**
   * Bytes of a request's body, chunks included, and of each item of an upload; more gets 413. At most 64 MiB; for a
   * service, the default of its endpoints. Default that of `create()`, else 1 MiB.
   */
  maxBody?: number;
}

/** What `@Service` takes (ADR-32, Service configuration). */
export interface ServiceOptions extends Limits {
  /** Letters, digits, `_` and `-`. */
  name: string;
  /** SemVer 2.0.0. */
  version: string;
  description?: string;
  metadata?: Record<string, string>;
  /** Default `q`; `false` for none, so that every instance answers. */
  queueGroup?: string | false;
  /** Group classes mounted in this service. */
  groups?: readonly Class[];
  /** Events that the service publishes, for its description. */
  publishes?: readonly Event[];
  /** Whether INFO holds the JSON Schemas of the endpoints; default true. */
  schemas?: boolean;
}

/** What `@Group` takes besides its prefix. */
export interface GroupOptions {
  /** For the endpoints of the group that set none themselves; `false` for none. */
  queueGroup?: string | false;
  /** Group classes mounted below this group. */
  groups?: readonly Class[];
}

/** What `@Endpoint` takes. */
export interface EndpointOptions<
  Request extends PayloadType = PayloadType,
  Response extends PayloadType = PayloadType,
> extends Limits {
  /** Default: the method's name. */
  name?: string;
  /** Default: the name. May hold `*`, `>` and named tokens such as `{id}`. */
  subject?: string;
  description?: string;
  metadata?: Record<string, string>;
  queueGroup?: string | false;
  /** What the payload must be, where the parameter's type does not say it. */
  request?: Request;
  /** What the reply is, for its schema in INFO. */
  response?: Response;
  /**
   * Items of a stream that a reader gets without granting credit; the stream then ends with 429. For each 1,000 items
   * 8 MiB may go out, never less than 8 MiB. Default 1,000.
   */
  maxUncredited?: number;
  /** How bodies are read and written; default `json`. */
  codec?: CodecName | Codec;
  /** Whether a client may send the request again after a timeout; shown in INFO metadata. */
  idempotent?: boolean;
}

/** What `@Subscribe` takes besides its events. */
export interface SubscribeOptions extends Omit<Limits, 'maxBody'> {
  /** Letters, digits, `_` and `-`. Default: the method's name. */
  name?: string;
  /** Default `<service>-<name>`, so that one of the service's instances gets each event; `false`: every instance does. */
  queueGroup?: string | false;
  metadata?: Record<string, string>;
}

/** The method that `@StatsHandler` marks: what it returns is the endpoint's `data` in STATS. */
export type StatsHandlerMethod = (endpoint: EndpointStats) => unknown;

/**
 * What natsmith does about the streams, consumers and buckets that the classes need: `ensure` creates and updates them
 * (it never deletes or shrinks), and without the right to do so verifies; `verify` refuses to start where they differ,
 * and names each difference; `off` takes them as they are.
 */
export type Provision = 'ensure' | 'verify' | 'off';
