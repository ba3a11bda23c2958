/** The verbs of the discovery subjects `$SRV.<VERB>[.<name>[.<id>]]` (ADR-32, Discovery). */
export type Verb = 'PING' | 'INFO' | 'STATS';

/** The three questions of discovery, in the order of ADR-32. */
export const VERBS: readonly Verb[] = ['PING', 'INFO', 'STATS'];

/** The control subject of a verb: for all services, for those of a name, or for one instance (ADR-32, Discovery). */
export function controlSubject(verb: Verb, name?: string, id?: string, prefix = '$SRV'): string {
  if (name === undefined || name === '') return `${prefix}.${verb}`;
  return id === undefined || id === '' ? `${prefix}.${verb}.${name}` : `${prefix}.${verb}.${name}.${id}`;
}

/** The `type` of each verb's reply (ADR-32, Discovery). */
export const REPLY_TYPES = {
  PING: 'io.nats.micro.v1.ping_response',
  INFO: 'io.nats.micro.v1.info_response',
  STATS: 'io.nats.micro.v1.stats_response',
} as const;

/** What every discovery reply says of the instance that sent it. */
export interface ServiceIdentity {
  name: string;
  /** Unique per instance, 22 characters (a NUID). */
  id: string;
  version: string;
  metadata: Record<string, string>;
}

/** The reply to PING (ADR-32, PING). */
export interface PingResponse extends ServiceIdentity {
  type: typeof REPLY_TYPES.PING;
}

/** One endpoint in an INFO reply (ADR-32, INFO). */
export interface EndpointInfo {
  name: string;
  subject: string;
  /** `""` where the queue group is disabled. */
  queue_group: string;
  metadata: Record<string, string>;
}

/** Whether an entry of INFO answers requests; one with `metadata.kind` takes events, messages of a stream or the like. */
export function isCallable({ metadata }: { readonly metadata?: unknown }): boolean {
  return (metadata as { kind?: unknown } | null | undefined)?.kind === undefined;
}

/** The reply to INFO (ADR-32, INFO). */
export interface InfoResponse extends ServiceIdentity {
  type: typeof REPLY_TYPES.INFO;
  description: string;
  endpoints: EndpointInfo[];
}

/** One endpoint in a STATS reply; times are whole nanoseconds (ADR-32, STATS). */
export interface EndpointStats {
  name: string;
  subject: string;
  queue_group: string;
  /** All requests, failed and fire-and-forget ones included. */
  num_requests: number;
  num_errors: number;
  /** `<code>:<description>` of the latest error, `""` for none. */
  last_error: string;
  processing_time: number;
  /** floor(processing_time / num_requests), 0 before the first request. */
  average_processing_time: number;
  /** Where it is not an endpoint, `kind` as in INFO; ADR-32 has no metadata here, and forbids none. */
  metadata?: Record<string, string>;
  /** What the service's stats handler gave. */
  data?: unknown;
}

/** The reply to STATS (ADR-32, STATS). */
export interface StatsResponse extends ServiceIdentity {
  type: typeof REPLY_TYPES.STATS;
  /** Start or latest reset, RFC 3339 in UTC. */
  started: string;
  endpoints: EndpointStats[];
}
