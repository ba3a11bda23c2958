import { markReceived, ServiceError, subjectsOverlap, type EndpointInfo, type InfoResponse } from '@natsmith/protocol';
import { parse, rcompare, satisfies, validRange } from 'semver';
import { DiscoveryError } from './discovery-reply';

/** Which instances and endpoints of a service are meant. */
export interface ServiceSelection {
  /** A SemVer range that the instance's version must satisfy; prereleases only where the range names them. */
  version?: string;
  /** One instance. */
  id?: string;
  /** The prefix of the endpoints' subjects, where several endpoints share a name. */
  group?: string;
}

/** An endpoint that was found, or why it cannot be called. */
export interface FoundEndpoint {
  readonly info: EndpointInfo;
  /** How many of the selected instances have it. */
  readonly instances: number;
  readonly problem?: string;
}

/** Where INFO comes from. */
export interface InfoSource {
  ask(name: string): PromiseLike<readonly InfoResponse[]>;
  /** Whether the service that sent the reply takes payloads in chunks. */
  takesChunks(reply: InfoResponse): boolean;
}

/** What INFO said of one service; kept until it is refreshed. */
export class ServiceLookup {
  private endpoints = new Map<string, FoundEndpoint>();
  /** Subjects on which somebody may listen who does not take payloads in chunks. */
  private withoutChunks: string[] = [];
  private first: Promise<void> | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly source: InfoSource,
    readonly name: string,
    private readonly selection: ServiceSelection,
  ) {
    const { version } = selection;
    if (version !== undefined && validRange(version) === null)
      throw new TypeError(`version ${JSON.stringify(version)} is no SemVer range; write for example "^1.0.0"`);
  }

  /** Resolves when the service has been found once. */
  ready(): Promise<void> {
    this.first ??= this.refresh().catch((error: unknown) => {
      this.first = undefined;
      throw error;
    });
    return this.first;
  }

  /** Looks again; whoever asks meanwhile shares the answer. */
  refresh(): Promise<void> {
    this.running ??= this.look().finally(() => (this.running = undefined));
    return this.running;
  }

  /** The endpoint of a method's name, or undefined. */
  find(method: string): FoundEndpoint | undefined {
    return this.endpoints.get(method);
  }

  /** The endpoint of a method's name, looked for again when it is not known. @throws Error when there is none */
  async get(method: string): Promise<FoundEndpoint> {
    if (!this.endpoints.has(method)) await this.refresh();
    const found = this.find(method);
    if (found === undefined)
      throw new Error(
        `service "${this.name}" has no endpoint "${method}"; found ${[...this.endpoints.keys()].join(', ') || 'none'}`,
      );
    if (found.problem !== undefined) throw new Error(found.problem);
    return found;
  }

  /** Whether whoever may get a request for the endpoint takes payloads in chunks. */
  takesChunks({ info }: FoundEndpoint): boolean {
    return !this.withoutChunks.some((subject) => subjectsOverlap(subject, info.subject));
  }

  private async look(): Promise<void> {
    const { instances, isComplete } = await this.askAll();
    this.withoutChunks = instances
      .filter((instance) => !this.source.takesChunks(instance))
      .flatMap(({ endpoints }) => endpoints.map(({ subject }) => subject));
    // Where an instance listens whose reply cannot be read is unknown.
    if (!isComplete) this.withoutChunks.push('>');
    const selected = this.select(instances);
    this.endpoints = endpointsOf(selected, this.selection.group);
    if (this.endpoints.size === 0)
      throw new Error(
        `service "${this.name}" has no endpoint in the group "${this.selection.group ?? ''}"; ` +
          `found the subjects ${subjectsOf(selected)}`,
      );
    this.refuseShared(instances.filter((instance) => !selected.includes(instance)));
  }

  private async askAll(): Promise<{ instances: readonly InfoResponse[]; isComplete: boolean }> {
    try {
      return { instances: await this.source.ask(this.name), isComplete: true };
    } catch (error) {
      // One instance with a broken reply must not make the others unreachable.
      if (error instanceof DiscoveryError && error.found.length > 0)
        return { instances: error.found as InfoResponse[], isComplete: false };
      throw error;
    }
  }

  private select(instances: readonly InfoResponse[]): InfoResponse[] {
    const { version, id } = this.selection;
    if (instances.length === 0) throw markReceived(new ServiceError(503, `nobody answers as service "${this.name}"`));
    const inRange = instances.filter((one) => version === undefined || satisfies(one.version, version));
    if (inRange.length === 0) {
      const found = [...new Set(instances.map((one) => one.version))].sort(newestFirst).join(', ');
      throw new Error(
        `no running instance of service "${this.name}" satisfies version ${version ?? ''}; found ${found}`,
      );
    }
    const selected = inRange.filter((one) => id === undefined || one.id === id);
    if (selected.length === 0) {
      const found = inRange.map((one) => one.id).join(', ');
      throw markReceived(
        new ServiceError(503, `no instance of service "${this.name}" has the id ${id ?? ''}; found ${found}`),
      );
    }
    return selected.sort((a, b) => newestFirst(a.version, b.version));
  }

  /** A subject cannot tell instances apart: where others listen on it too, one of them cannot be called alone. */
  private refuseShared(others: readonly InfoResponse[]): void {
    const { id } = this.selection;
    // Versions that share a subject replace one another, and calls go on meanwhile (docs/decisions/0012).
    if (id === undefined) return;
    for (const [method, found] of this.endpoints) {
      const other = others.find(({ endpoints }) =>
        endpoints.some(({ subject }) => subjectsOverlap(subject, found.info.subject)),
      );
      if (other === undefined) continue;
      const problem =
        `endpoint "${method}" of service "${this.name}" cannot be called on instance ${id} alone: instance ${other.id} ` +
        `(version ${other.version}) answers on ${found.info.subject}, too; give each a subject of its own, with @Group`;
      this.endpoints.set(method, { ...found, problem });
    }
  }
}

function endpointsOf(instances: readonly InfoResponse[], group: string | undefined): Map<string, FoundEndpoint> {
  const found = new Map<string, FoundEndpoint>();
  for (const instance of instances) {
    const own = new Map<string, EndpointInfo>();
    for (const info of instance.endpoints) {
      if (group !== undefined && !info.subject.startsWith(`${group}.`)) continue;
      const method = info.metadata.method ?? info.name;
      const twin = own.get(method);
      if (twin === undefined) own.set(method, info);
      else found.set(method, { info, instances: 1, problem: ambiguity(instance.name, method, twin, info) });
    }
    for (const [method, info] of own) {
      const before = found.get(method);
      if (before === undefined) found.set(method, { info, instances: 1 });
      // The newest instance says where an endpoint is.
      else if (before.info.subject === info.subject) found.set(method, { ...before, instances: before.instances + 1 });
    }
  }
  return found;
}

function ambiguity(service: string, method: string, one: EndpointInfo, other: EndpointInfo): string {
  return (
    `service "${service}" has several endpoints "${method}", on ${one.subject} and ${other.subject}; ` +
    `say which: client.service('${service}', { group: '${one.subject.split('.').slice(0, -1).join('.')}' })`
  );
}

function subjectsOf(instances: readonly InfoResponse[]): string {
  return (
    [...new Set(instances.flatMap(({ endpoints }) => endpoints.map(({ subject }) => subject)))].join(', ') || 'none'
  );
}

function newestFirst(a: string, b: string): number {
  if (parse(a) === null || parse(b) === null) return a < b ? 1 : -1;
  return rcompare(a, b);
}
