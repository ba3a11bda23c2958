import {
  checkedElsewhere,
  headerBlock,
  INSTANCE_HEADER,
  instanceIdProblem,
  type OptionRules,
  type ReceivedHeaders,
  TIMEOUT_HEADER,
  type ServiceError,
} from '@natsmith/protocol';
import {
  checkedLimits,
  DEFAULT_LIMITS,
  LIMIT_OPTIONS,
  rawReply,
  requestMany,
  type CheckedLimits,
  type GatherLimits,
} from './request-many';
import { aBodyKind, decodeBody, encodeBody, type BodyKind } from '../call/body';
import type { Caller } from '../call/caller';
import { SubjectDestination } from '../call/destination';
import { Gathered } from './replies';
import type { ServiceEndpoint } from '../service/endpoints';
import type { ServiceResolver } from '../service/resolver';
import { errorIn } from '../call/reply';
import { headerLines, type HeaderValues } from '../call/header-lines';
import type { ServiceSelection } from '../service/selection';
import { subjectToCall, type SubjectParams } from '../service/params';
import type { Services } from '../service/service';
import { unanswered } from './unanswered';

/** An endpoint of a service, by its method's name. */
export interface EndpointAddress extends ServiceSelection {
  readonly service: string;
  readonly endpoint: string;
}

/** What `client.gather` takes besides its payload. */
export interface GatherOptions extends GatherLimits {
  headers?: HeaderValues;
  /** Values for the named tokens of the subject. */
  params?: SubjectParams;
  /** How the replies' bodies are read; default `json`. */
  as?: BodyKind;
}

export const GATHER_OPTIONS: OptionRules<GatherOptions> = {
  ...LIMIT_OPTIONS,
  headers: checkedElsewhere,
  params: checkedElsewhere,
  as: aBodyKind,
};

/** What one instance answered; an error of one says nothing of the others. */
export type GatheredReply<Reply> = GatheredFrom &
  ({ readonly ok: true; readonly value: Reply } | { readonly ok: false; readonly error: ServiceError });

interface GatheredFrom {
  /** The id of the instance that answered; natsmith's services say it, others do not. */
  readonly instance?: string;
  /** Milliseconds from the request to this reply. */
  readonly rtt: number;
  readonly headers: ReceivedHeaders;
}

/** Asks all subscribers of a subject, or all instances of an endpoint. */
export function gather<Reply>(
  caller: Caller,
  services: Services,
  target: string | EndpointAddress,
  payload: unknown,
  options: GatherOptions,
): Gathered<GatheredReply<Reply>> {
  const limits = checkedLimits(options, DEFAULT_LIMITS);
  return Gathered.later(async () => {
    if (typeof target === 'string') {
      const { subject } = new SubjectDestination(target, options);
      return { ask: ask<Reply>(caller, subject, payload, options, limits) };
    }
    const resolver = services.resolver(target.service, target);
    const endpoint = await endpointToGather(resolver, target.endpoint);
    const subject = subjectToCall(endpoint, options.params);
    return {
      ask: ask<Reply>(caller, subject, payload, options, limits),
      problemsAfter: async (all) =>
        all.length >= limits.max ? [] : unanswered(all, await knownIds(resolver, endpoint), services.discovery, target),
    };
  });
}

function ask<Reply>(
  { inbox, propagation }: Caller,
  subject: string,
  payload: unknown,
  { headers, as = 'json' }: GatherOptions,
  limits: CheckedLimits,
): Gathered<GatheredReply<Reply>> {
  const timeout = Math.max(0, Math.min(limits.timeout, Math.ceil(propagation.expiresAt - performance.now())));
  const lines = [
    ...headerLines(propagation.headers, headers),
    [TIMEOUT_HEADER, String(timeout)] as const,
    [INSTANCE_HEADER, '?'] as const,
  ];
  return requestMany<GatheredReply<Reply>>(inbox, {
    subject,
    body: encodeBody(payload),
    headers: headerBlock(lines),
    limits: { ...limits, timeout },
    expected: Infinity,
    read(message, rtt) {
      const error = errorIn(message, subject);
      const { headers } = rawReply(message, rtt);
      const from = { ...instanceIn(headers), rtt, headers };
      if (error !== undefined) return { ok: false, error, ...from };
      return { ok: true, value: decodeBody(message.data, as, subject) as Reply, ...from };
    },
  });
}

function instanceIn(headers: ReceivedHeaders): { instance?: string } {
  const instance = headers.get(INSTANCE_HEADER);
  return instance === undefined || instanceIdProblem(instance) !== undefined ? {} : { instance };
}

/** An endpoint whose instances can be asked all at once. @throws Error when a queue group stands in the way */
async function endpointToGather(resolver: ServiceResolver, method: string): Promise<ServiceEndpoint> {
  await resolver.ready();
  const endpoint = await resolver.get(method);
  if (endpoint.queueGroup !== '')
    throw new Error(
      `endpoint "${method}" of service "${resolver.name}" has the queue group "${endpoint.queueGroup}", so one instance ` +
        'answers for all; give it { queueGroup: false }, or call it instead',
    );
  return endpoint;
}

/** Who has the endpoint; waits for those who are still saying so. */
async function knownIds(resolver: ServiceResolver, endpoint: ServiceEndpoint): Promise<string[]> {
  await resolver.settled().catch(() => undefined);
  return resolver.idsWith(endpoint);
}
