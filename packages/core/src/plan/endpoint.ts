import {
  controlSubject,
  joinSubject,
  nameProblem,
  parseTemplate,
  queueGroupProblem,
  shown,
  subjectProblem,
  subjectsOverlap,
  VERBS,
  type SubjectTemplate,
} from '@natsmith/protocol';
import type { EndpointOptions } from '../define/options';
import { isItemStream } from '../define/stream';
import type { Mistakes } from './definition-error';
import { checkLimits, checkMaxUncredited, plannedLimits } from './limits';
import type { Payload } from '../payload/payload';
import type { EndpointPlan } from './plan';
import { effectiveQueueGroup } from './queue-group';
import { handlerOf, isStreaming } from './handler';
import type { Surroundings } from './source';

const CONTROL_SUBJECTS = VERBS.flatMap((verb) => [
  controlSubject(verb),
  controlSubject(verb, '*'),
  controlSubject(verb, '*', '*'),
]);

/** Checks one endpoint and plans it; mistakes are noted, and then the plan is not to be used. */
export function planEndpoint(
  where: string,
  name: string,
  options: EndpointOptions,
  payload: Payload | string,
  around: Surroundings,
  target: EndpointPlan['target'],
  mistakes: Pick<Mistakes, 'add'>,
): EndpointPlan {
  const badName = prefix('endpoint name ', nameProblem(name));
  mistakes.add(where, badName);
  const ownSubject = options.subject ?? name;
  const subject = joinSubject(...around.prefixes, ownSubject);
  // A mistake in a name or prefix is reported once, not again for each subject that it ends up in.
  if (badName === undefined || options.subject !== undefined) {
    const prefixesAreFine = around.prefixes.every((one) => groupPrefixProblem(one) === undefined);
    // Prefixes and subject may be fine each, and yet name one token twice.
    const problem = subjectProblem(ownSubject) ?? (prefixesAreFine ? subjectProblem(subject) : undefined);
    mistakes.add(where, prefix('subject ', problem));
  }
  const template = parseTemplate(subject);
  if (/^\$SRV(\.|$)/.test(subject))
    mistakes.add(where, `subject "${subject}" is reserved for discovery; choose another`);
  else if (/^_(INBOX|R_)(\.|$)/.test(subject))
    mistakes.add(where, `subject "${subject}" is one of inboxes, where replies go; choose another`);
  else if (
    /^[*>]/.test(template.subject) &&
    CONTROL_SUBJECTS.some((control) => subjectsOverlap(template.subject, control))
  )
    mistakes.add(where, `subject "${subject}" would take discovery requests ("$SRV.PING"); begin it with a word`);
  checkQueueGroup(where, options.queueGroup, mistakes);
  checkLimits(where, options, mistakes);
  checkMaxUncredited(where, options.maxUncredited, mistakes);
  checkMetadata(where, options.metadata, mistakes);
  if (options.metadata !== undefined && 'kind' in options.metadata)
    mistakes.add(where, 'metadata "kind" is reserved for handlers that are not endpoints; choose another key');
  if (typeof payload === 'string') mistakes.add(where, payload);
  else mistakes.add(where, codecProblem(options, payload));

  return Object.freeze<EndpointPlan>({
    kind: 'endpoint',
    name,
    subject: template.subject,
    queueGroup: effectiveQueueGroup([...around.queueGroups, options.queueGroup]),
    metadata: Object.freeze(endpointMetadata(name, options, subject, template, target)),
    params: template.params,
    target,
    use: around.use,
    payload: typeof payload === 'string' ? { kind: 'none' } : payload,
    request: options.request,
    response: options.response,
    codec: options.codec ?? 'json',
    limits: plannedLimits(options, around.limits),
    maxUncredited: options.maxUncredited,
    where,
  });
}

/** What INFO says of an endpoint beyond the user's metadata: only what a client cannot guess. */
function endpointMetadata(
  name: string,
  options: EndpointOptions,
  subject: string,
  template: SubjectTemplate,
  target: EndpointPlan['target'],
): Record<string, string> {
  return {
    ...(target !== undefined && target.method !== name && { method: target.method }),
    ...(template.params.length > 0 && { subject_template: subject }),
    ...streamMetadata(options, target),
    ...(options.idempotent === true && { idempotent: 'true' }),
    ...(options.description !== undefined && { description: options.description }),
    ...options.metadata,
  };
}

/** What is wrong with the prefix of a group, or undefined; the empty one adds nothing. */
export function groupPrefixProblem(groupPrefix: unknown): string | undefined {
  return groupPrefix === '' ? undefined : prefix('group prefix ', subjectProblem(groupPrefix, 'token'));
}

/** Clients give and take async iterables for what streams. */
function streamMetadata({ request, response }: EndpointOptions, target: EndpointPlan['target']): { stream?: string } {
  const takes = isItemStream(request);
  const gives = isItemStream(response) || (target !== undefined && isStreaming(handlerOf(target)));
  if (!takes && !gives) return {};
  return { stream: takes && gives ? 'both' : takes ? 'request' : 'response' };
}

export function checkQueueGroup(where: string, queueGroup: unknown, mistakes: Pick<Mistakes, 'add'>): void {
  // `""` is what ADR-32 replies show for "no queue group", so it is taken as such.
  if (queueGroup === undefined || queueGroup === false || queueGroup === '') return;
  mistakes.add(where, prefix('queue group ', queueGroupProblem(queueGroup)));
}

export function checkMetadata(where: string, metadata: object | undefined, mistakes: Pick<Mistakes, 'add'>): void {
  for (const [key, value] of Object.entries(metadata ?? {})) {
    if (typeof value !== 'string') mistakes.add(where, `metadata "${key}" must be a string; write it in quotes`);
    if (key.startsWith('_nats'))
      mistakes.add(where, `metadata "${key}" begins with "_nats", which NATS reserves; choose another key`);
  }
}

function isNull(value: unknown): value is null {
  return value === null;
}

function codecProblem({ codec = 'json' }: EndpointOptions, payload: Payload): string | undefined {
  if (typeof codec === 'object' && !isNull(codec)) {
    const complete = typeof codec.decode === 'function' && typeof codec.encode === 'function';
    return complete ? undefined : 'codec needs the methods decode(body) and encode(value)';
  }
  if (!['json', 'text', 'bytes'].includes(codec))
    return `codec ${shown(codec)} is none of "json", "text", "bytes", nor an object with decode(body) and encode(value)`;
  const value = payload.kind === 'stream' ? payload.item : payload;
  const { kind } = value;
  const fits =
    codec === 'json' ||
    kind === 'none' ||
    kind === 'unchecked' ||
    kind === 'schema' ||
    (codec === 'bytes'
      ? kind === 'bytes'
      : kind === 'bytes' || (kind === 'primitive' && value.type === 'string' && !value.array));
  return fits
    ? undefined
    : `codec "${codec}" gives no value for its payload; use codec "json", or take the payload as ${codec === 'text' ? 'string' : 'Uint8Array'}`;
}

export function prefix(words: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : words + problem;
}
