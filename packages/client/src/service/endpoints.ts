import { isCallable, type EndpointInfo, type InfoResponse } from '@natsmith/protocol';
import { isWithin, type ServiceSelection } from './selection';

/** An endpoint that was found, or why it cannot be called. */
export interface FoundEndpoint {
  readonly info: EndpointInfo;
  readonly problem?: string;
}

/** The endpoints of a service's instances, by the names that they are called by. */
export class Endpoints {
  private readonly byMethod = new Map<string, FoundEndpoint>();
  /** For endpoints whose method has another name. */
  private readonly byName = new Map<string, FoundEndpoint>();
  /** Subjects outside of the selection, by method. */
  private readonly elsewhere = new Map<string, string>();

  /** @param instances the newest first: it says where an endpoint is */
  constructor(
    instances: readonly InfoResponse[],
    private readonly selection: ServiceSelection,
  ) {
    for (const instance of instances) this.add(instance);
  }

  get methods(): string[] {
    return [...this.byMethod.keys()];
  }

  find(method: string): FoundEndpoint | undefined {
    return this.byMethod.get(method) ?? this.byName.get(method);
  }

  /** Where a method's endpoint was found that the selection refuses. */
  refused(method: string): string | undefined {
    return this.elsewhere.get(method);
  }

  /** Refuses endpoints for a reason of the caller. */
  refuseWhere(problemOf: (method: string, info: EndpointInfo) => string | undefined): void {
    for (const names of [this.byMethod, this.byName])
      for (const [name, found] of names) {
        const problem = problemOf(name, found.info);
        if (problem !== undefined) names.set(name, { ...found, problem });
      }
  }

  private add({ name: service, endpoints }: InfoResponse): void {
    const methods = new Map<string, FoundEndpoint>();
    const names = new Map<string, FoundEndpoint>();
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
function addTo(found: Map<string, FoundEndpoint>, name: string, info: EndpointInfo, service: string): void {
  const twin = found.get(name);
  if (twin === undefined) found.set(name, { info });
  else if (twin.info.subject !== info.subject)
    found.set(name, { info, problem: ambiguity(service, name, twin.info, info) });
  // All of one without a queue group answer.
  else if (info.queue_group === '') found.set(name, { ...twin, info });
}

/** What an endpoint is called by: services of other languages may mean something else by `method`. */
function methodOf({ name, metadata }: EndpointInfo): string {
  const { method } = metadata;
  return method !== undefined && /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,255}$/u.test(method) ? method : name;
}

function ambiguity(service: string, method: string, one: EndpointInfo, other: EndpointInfo): string {
  return (
    `service "${service}" has several endpoints "${method}", on ${one.subject} and ${other.subject}; ` +
    `say which: client.service('${service}', { group: '${one.subject.split('.').slice(0, -1).join('.')}' })`
  );
}
