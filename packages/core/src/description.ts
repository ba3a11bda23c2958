import {
  parseTemplate,
  subjectCovers,
  subjectProblem,
  type EndpointInfo,
  type InfoResponse,
  jsonProblem,
} from '@natsmith/protocol';

/** A JSON Schema, 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A service as plain data, which JSON keeps as it is: from its class, or from the INFO of one that runs. */
export interface ServiceDescription {
  readonly name: string;
  readonly version: string;
  /** `""` for none. */
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of all requests of the service together; INFO does not tell. */
  readonly limits?: LimitsDescription;
  /** In the order of INFO; a handler of several events is there once for each subject. */
  readonly handlers: readonly HandlerDescription[];
  /** Events that it says it publishes; INFO does not tell. */
  readonly publishes?: readonly EventDescription[];
}

/** An event that a service publishes. */
export interface EventDescription {
  /** With its named tokens: `orders.{id}.placed`. */
  readonly subject: string;
  /** The named tokens, in the order of the subject. */
  readonly params: readonly string[];
  /** `""` for none. */
  readonly description: string;
  /** The name of the codec. */
  readonly codec: string;
  /** Of the payload, as it travels; undefined where nothing is known. */
  readonly schema?: JsonSchema;
}

/** One handler of a service: an endpoint, or what takes messages in another way. */
export interface HandlerDescription {
  /** `endpoint`, `event`, or the kind that another package adds. */
  readonly kind: string;
  readonly name: string;
  /** The method that handles messages, where that is known. */
  readonly method?: string;
  /** With its named tokens: `orders.{id}.get`. */
  readonly subject: string;
  /** As subscribed: `orders.*.get`. */
  readonly subscribedSubject: string;
  /** The named tokens, in the order of the subject. */
  readonly params: readonly string[];
  /** `""` for none: each instance takes each message. */
  readonly queueGroup: string;
  /** `""` for none. */
  readonly description: string;
  /** What the user wrote, without what natsmith adds in INFO. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The name of the codec; INFO does not tell. */
  readonly codec?: string;
  /** Which of the two is a stream of items; the schema is that of one item. */
  readonly stream: { readonly request: boolean; readonly response: boolean };
  /** A client may send the request again. */
  readonly idempotent: boolean;
  /** INFO does not tell. */
  readonly limits?: LimitsDescription;
  /** What its kind says of it besides: a stream, a durable name, the pattern of a schedule; INFO does not tell. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Of the payload, as it is sent; undefined where nothing is known. */
  readonly request?: JsonSchema;
  /** Of the reply, as it is received; undefined where nothing is known. */
  readonly response?: JsonSchema;
}

/** What is limited; what is left out is not. */
export interface LimitsDescription {
  /** Milliseconds. */
  readonly timeout?: number;
  readonly concurrency?: number;
  readonly maxPending?: number;
  /** Bytes. */
  readonly maxBody?: number;
}

/** A longer schema than this, in characters, is not read. */
const MAX_SCHEMA = 131_072;
const STREAMS = ['request', 'response', 'both'];

/**
 * Describes a service, of any language, that has answered INFO. What natsmith's services say in their metadata is shown
 * apart from the user's; what has not the form that natsmith gives it is taken for the user's.
 */
export function describeInfo(info: InfoResponse): ServiceDescription {
  return {
    name: info.name,
    version: info.version,
    description: info.description,
    metadata: { ...info.metadata },
    handlers: info.endpoints.map(describeEndpoint),
  };
}

function describeEndpoint({ name, subject, queue_group: queueGroup, metadata }: EndpointInfo): HandlerDescription {
  const own = { ...metadata };
  const take = <T>(key: string, read: (value: string) => T | undefined): T | undefined => {
    const value: unknown = own[key];
    const taken = typeof value === 'string' ? read(value) : undefined;
    if (taken !== undefined) delete own[key];
    return taken;
  };
  const anything = (value: string): string => value;
  const template = take('subject_template', (value) => (isTemplateOf(value, subject) ? value : undefined)) ?? subject;
  const stream = take('stream', (value) => (STREAMS.includes(value) ? value : undefined));
  const kind = take('kind', anything) ?? 'endpoint';
  const method = take('method', anything) ?? undefined;
  const request = take('request_schema', schemaIn);
  const response = take('response_schema', schemaIn);
  return {
    kind,
    name,
    ...(method !== undefined && { method }),
    subject: template,
    subscribedSubject: subject,
    params: parseTemplate(template).params.map((param) => param.name),
    queueGroup,
    description: take('description', anything) ?? '',
    idempotent: take('idempotent', (value) => value === 'true' || undefined) ?? false,
    stream: {
      request: stream === 'request' || stream === 'both',
      response: stream === 'response' || stream === 'both',
    },
    ...(request !== undefined && { request }),
    ...(response !== undefined && { response }),
    metadata: own,
  };
}

function isTemplateOf(template: string, subject: string): boolean {
  return subjectProblem(template) === undefined && subjectCovers(subject, parseTemplate(template).subject);
}

/** The schema of a text, or undefined where there is none that could be used. */
export function schemaIn(text: string): JsonSchema | undefined {
  if (text.length > MAX_SCHEMA || jsonProblem(Buffer.from(text)) !== undefined) return undefined;
  try {
    const schema: unknown = JSON.parse(text);
    return typeof schema === 'object' && schema !== null && !Array.isArray(schema) ? (schema as JsonSchema) : undefined;
  } catch {
    return undefined;
  }
}
