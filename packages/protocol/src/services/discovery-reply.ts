import {
  controlSubject,
  REPLY_TYPES,
  type EndpointInfo,
  type EndpointStats,
  type InfoResponse,
  type PingResponse,
  type ServiceIdentity,
  type StatsResponse,
  type Verb,
} from './discovery';
import { nameProblem } from './name';
import { parseReply, ReplyFields } from './reply-fields';
import { parseTemplate, queueGroupProblem, subjectCovers, subjectProblem } from './subject';
import { MAX_VERSION } from '../platform/semver-limits';
import { versionProblem } from './version';

/** Endpoints that one reply may list. */
const MAX_ENDPOINTS = 10_000;

/** Each verb's reply. */
export interface Replies {
  PING: PingResponse;
  INFO: InfoResponse;
  STATS: StatsResponse;
}

/**
 * Reads a discovery reply of a service of any language. Names, ids, versions, subjects and queue groups that it gives
 * keep their rules, so they can be published to and shown; descriptions, metadata values and `data` are free text, and
 * may hold control characters. What may be left out gets its default.
 * @throws UnusableReply that names the service and the field
 */
export function readDiscoveryReply<V extends Verb>(verb: V, body: Uint8Array): Replies[V] {
  const who = `a service that answered ${verb}`;
  const reply = new ReplyFields(parseReply(body, who), who, undefined);
  const identity = identityIn(reply);
  const type = reply.text('type', REPLY_TYPES[verb]);
  if (type !== REPLY_TYPES[verb]) reply.refuse('type', `must be "${REPLY_TYPES[verb]}", got "${type}"`);
  const common = { type: REPLY_TYPES[verb], ...identity };
  if (verb === 'PING') return common as object as Replies[V];
  const endpoints = reply.list('endpoints', MAX_ENDPOINTS);
  if (verb === 'INFO') {
    const description = reply.text('description', '');
    return { ...common, description, endpoints: endpoints.map(endpointInfo) } as object as Replies[V];
  }
  const started = reply.checked('started', startedProblem);
  return { ...common, started, endpoints: endpoints.map(endpointStats) } as object as Replies[V];
}

/** What is wrong with the id of an instance, or undefined when nothing is: it is one token of a subject. */
export function instanceIdProblem(id: unknown): string | undefined {
  if (typeof id !== 'string' || id === '') return 'is missing';
  if (id.includes('.')) return `${JSON.stringify(id)} holds "."; an id is one token of a subject`;
  return subjectProblem(id, 'none', 'plain');
}

function identityIn(reply: ReplyFields): ServiceIdentity {
  const name = reply.checked('name', (text) => tooLong(text, 1_000) ?? nameProblem(text));
  reply.who = `service "${name}"`;
  reply.from = { name };
  const id = reply.checked('id', (text) => {
    return instanceIdProblem(text) ?? subjectProblem(controlSubject('STATS', name, text), 'none', 'plain');
  });
  reply.who = `service "${name}" (id ${id})`;
  reply.from = { name, id };
  const version = reply.checked('version', (text) => tooLong(text, MAX_VERSION) ?? versionProblem(text));
  return { name, id, version, metadata: reply.texts('metadata') };
}

function endpointInfo(endpoint: ReplyFields): EndpointInfo {
  const metadata = endpoint.texts('metadata');
  const facts = endpointFacts(endpoint);
  const { subject_template: template } = metadata;
  // Calls fill it in and go there.
  if (template !== undefined && !isTemplateOf(template, facts.subject))
    endpoint.refuse('metadata.subject_template', `"${template}" is not a template of the subject ${facts.subject}`);
  return { ...facts, metadata };
}

function endpointStats(endpoint: ReplyFields): EndpointStats {
  const data = endpoint.value('data');
  const { kind } = endpoint.texts('metadata');
  return {
    ...endpointFacts(endpoint),
    num_requests: endpoint.count('num_requests'),
    num_errors: endpoint.count('num_errors'),
    last_error: endpoint.text('last_error', ''),
    processing_time: endpoint.count('processing_time'),
    average_processing_time: endpoint.count('average_processing_time'),
    ...(kind !== undefined && { metadata: { kind } }),
    ...(data !== undefined && { data }),
  };
}

function endpointFacts(endpoint: ReplyFields): { name: string; subject: string; queue_group: string } {
  // Services from before queue groups could be chosen leave theirs out, and it is always "q".
  return {
    name: endpoint.checked('name', (text) => tooLong(text, 1_000) ?? nameProblem(text)),
    subject: endpoint.checked('subject', (text) => subjectProblem(text, 'all', 'plain')),
    queue_group: endpoint.checked(
      'queue_group',
      (text) => (text === '' ? undefined : (tooLong(text, 1_000) ?? queueGroupProblem(text))),
      'q',
    ),
  };
}

function isTemplateOf(template: string, subject: string): boolean {
  return subjectProblem(template) === undefined && subjectCovers(subject, parseTemplate(template).subject);
}

function startedProblem(started: string): string | undefined {
  // Not everybody writes RFC 3339.
  return /^[ -~]{0,64}$/.test(started) ? undefined : 'is not a time';
}

function tooLong(text: string, max: number): string | undefined {
  return text.length > max ? `has ${text.length} characters; it may have ${max}` : undefined;
}
