import { isCallable, type EndpointInfo, type InfoResponse } from '@natsmith/protocol';
import type { Endpoint } from '../call/endpoint';
import { isWithin, type ServiceSelection } from './selection';

/** An endpoint as INFO says it is. */
export interface ServiceEndpoint extends Endpoint {
  readonly takesStream: boolean;
  /** Whether its reply is a stream. */
  readonly givesStream: boolean;
  readonly queueGroup: string;
  /** Why it cannot be called. */
  readonly problem?: string;
}

/** The endpoints of a service's instances, by the names that they are called by. */
export class Endpoints {
  private readonly byMethod = new Map<string, ServiceEndpoint>();
  /** For endpoints whose method has another name. */
  private readonly byName = new Map<string, ServiceEndpoint>();
  /** Subjects outside of the selection, by method. */
  private readonly elsewhere = new Map<string, string>();

  /** @param instances the newest first: it says where an endpoint is */
  constructor(
    private readonly instances: readonly InfoResponse[],
    private readonly selection: ServiceSelection,
  ) {
    for (const instance of instances) this.add(instance);
  }

  get methods(): string[] {
    return [...this.byMethod.keys()];
  }

  find(method: string): ServiceEndpoint | undefined {
    return this.byMethod.get(method) ?? this.byName.get(method);
  }

  /** The ids of the instances that have an endpoint on the subject. */
  idsOn(subject: string): string[] {
    return this.instances
      .filter(({ endpoints }) => endpoints.some((endpoint) => endpoint.subject === subject))
      .map(({ id }) => id);
  }

  /** Where a method's endpoint was found that the selection refuses. */
  refused(method: string): string | undefined {
    return this.elsewhere.get(method);
  }

  /** Refuses endpoints for a reason of the caller. */
  refuseWhere(problemOf: (method: string, subject: string) => string | undefined): void {
    for (const names of [this.byMethod, this.byName])
      for (const [name, found] of names) {
        const problem = problemOf(name, found.subject);
        if (problem !== undefined) names.set(name, { ...found, problem });
      }
  }

  private add({ name: service, endpoints }: InfoResponse): void {
    const methods = new Map<string, ServiceEndpoint>();
    const names = new Map<string, ServiceEndpoint>();
    for (const info of endpoints) {
      if (!isCallable(info)) continue;
      const method = methodOf(info);
      if (!isWithin(info.subject, this.selection)) {
        if (!this.elsewhere.has(method)) this.elsewhere.set(method, info.subject);
        continue;
      }
      addTo(methods, method, info, service);
      addTo(names, info.name, info, service);
    }
    for (const [method, found] of methods) if (!this.byMethod.has(method)) this.byMethod.set(method, found);
    for (const [name, found] of names) if (!this.byName.has(name)) this.byName.set(name, found);
  }
}

/** Two endpoints of one name on one subject are one to their callers, who cannot choose between them. */
function addTo(found: Map<string, ServiceEndpoint>, name: string, info: EndpointInfo, service: string): void {
  const twin = found.get(name);
  if (twin === undefined) found.set(name, endpointOf(info));
  else if (twin.subject !== info.subject)
    found.set(name, { ...endpointOf(info), problem: ambiguity(service, name, twin.subject, info.subject) });
  // All of one without a queue group answer.
  else if (info.queue_group === '')
    found.set(name, { ...endpointOf(info), ...(twin.problem !== undefined && { problem: twin.problem }) });
}

function endpointOf({ subject, queue_group: queueGroup, metadata }: EndpointInfo): ServiceEndpoint {
  const { subject_template: template = subject, stream = '', idempotent } = metadata;
  return {
    subject,
    template,
    hasTokens: metadata.subject_template !== undefined || /[*>]/.test(subject),
    takesStream: stream === 'request' || stream === 'both',
    givesStream: stream === 'response' || stream === 'both',
    isIdempotent: idempotent === 'true',
    queueGroup,
  };
}

/** What an endpoint is called by: services of other languages may mean something else by `method`. */
function methodOf({ name, metadata }: EndpointInfo): string {
  const { method } = metadata;
  return method !== undefined && /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,255}$/u.test(method) ? method : name;
}

function ambiguity(service: string, method: string, one: string, other: string): string {
  return (
    `service "${service}" has several endpoints "${method}", on ${one} and ${other}; ` +
    `say which: client.service('${service}', { group: '${one.split('.').slice(0, -1).join('.')}' })`
  );
}
