import {
  REPLY_TYPES,
  type EndpointInfo,
  type EndpointStats,
  type InfoResponse,
  type PingResponse,
  type ServiceIdentity,
  type StatsResponse,
  type Verb,
} from '@natsmith/protocol';

/** A discovery reply that callers cannot work with; what other replies said is in `found`. */
export class DiscoveryError<T = unknown> extends Error {
  override readonly name = 'DiscoveryError';

  constructor(
    /** Each names the service and the field. */
    readonly problems: readonly string[],
    /** The replies that are in order. */
    readonly found: readonly T[],
  ) {
    super(problems.join('; '));
  }
}

/** Each verb's reply. */
export interface Replies {
  PING: PingResponse;
  INFO: InfoResponse;
  STATS: StatsResponse;
}

/**
 * Reads a discovery reply of a service of any language: what may be left out gets its default, what callers need must be
 * there. Throws an error that names the service and the field.
 */
export function readDiscoveryReply<V extends Verb>(verb: V, body: Uint8Array): Replies[V] {
  const reply = new Fields(parse(verb, body), `a service that answered ${verb}`);
  const name = reply.text('name');
  reply.where = `service "${name}"`;
  const id = reply.text('id');
  reply.where = `service "${name}" (id ${id})`;
  const type = reply.text('type', REPLY_TYPES[verb]);
  if (type !== REPLY_TYPES[verb]) reply.refuse('type', `is ${JSON.stringify(type)}, not "${REPLY_TYPES[verb]}"`);
  const identity: ServiceIdentity = { name, id, version: reply.text('version'), metadata: reply.texts('metadata') };
  const common = { type: REPLY_TYPES[verb], ...identity };
  if (verb === 'PING') return common as object as Replies[V];
  if (verb === 'INFO') {
    const description = reply.text('description', '');
    return { ...common, description, endpoints: reply.list('endpoints').map(endpointInfo) } as object as Replies[V];
  }
  const started = reply.text('started');
  return { ...common, started, endpoints: reply.list('endpoints').map(endpointStats) } as object as Replies[V];
}

function endpointInfo(endpoint: Fields): EndpointInfo {
  return { ...endpointFacts(endpoint), metadata: endpoint.texts('metadata') };
}

function endpointStats(endpoint: Fields): EndpointStats {
  const data = endpoint.value('data');
  return {
    ...endpointFacts(endpoint),
    num_requests: endpoint.number('num_requests'),
    num_errors: endpoint.number('num_errors'),
    last_error: endpoint.text('last_error', ''),
    processing_time: endpoint.number('processing_time'),
    average_processing_time: endpoint.number('average_processing_time'),
    ...(data !== undefined && { data }),
  };
}

function endpointFacts(endpoint: Fields): { name: string; subject: string; queue_group: string } {
  // Services from before queue groups could be chosen leave theirs out, and it is always "q".
  return {
    name: endpoint.text('name'),
    subject: endpoint.text('subject'),
    queue_group: endpoint.text('queue_group', 'q'),
  };
}

function parse(verb: Verb, body: Uint8Array): object {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString());
  } catch {
    // told below
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error(`a service that answered ${verb} sent no JSON object`);
}

/** One object of a reply; null counts as left out. */
class Fields {
  constructor(
    private readonly object: object,
    public where: string,
    private readonly path = '',
  ) {}

  value(field: string): unknown {
    return (this.object as Record<string, unknown>)[field] ?? undefined;
  }

  text(field: string, otherwise?: string): string {
    const value = this.value(field) ?? otherwise;
    if (typeof value !== 'string') this.refuse(field, `is ${value === undefined ? 'missing' : 'no text'}`);
    return value;
  }

  number(field: string): number {
    const value = this.value(field);
    if (typeof value !== 'number') this.refuse(field, `is ${value === undefined ? 'missing' : 'no number'}`);
    return value;
  }

  texts(field: string): Record<string, string> {
    const value = this.value(field) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) this.refuse(field, 'is no object of texts');
    for (const [key, text] of Object.entries(value))
      if (typeof text !== 'string') this.refuse(`${field}.${key}`, 'is no text');
    return value as Record<string, string>;
  }

  list(field: string): Fields[] {
    if (!(field in this.object)) this.refuse(field, 'is missing');
    const value = this.value(field) ?? [];
    if (!Array.isArray(value)) this.refuse(field, 'is no list');
    return (value as unknown[]).map((item, i) => {
      if (typeof item !== 'object' || item === null) this.refuse(`${field}[${i}]`, 'is no object');
      return new Fields(item, this.where, `${this.path}${field}[${i}].`);
    });
  }

  refuse(field: string, problem: string): never {
    throw new Error(`${this.where}: "${this.path}${field}" ${problem}`);
  }
}
