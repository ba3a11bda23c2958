import { subjectsOverlap, type InfoResponse, type ReplyProblem } from '@natsmith/protocol';
import type { Endpoint } from '../call/endpoint';
import { DiscoveryError } from '../discovery/discovery-error';
import { Endpoints, type ServiceEndpoint } from './endpoints';
import { checkSelection, listed, placeOf, selectInstances, type ServiceSelection } from './selection';

/** Where INFO comes from. */
export interface InfoSource {
  ask(name: string): AsyncIterable<InfoResponse> & { readonly problems: readonly ReplyProblem[] };
  /** Whether the service that sent the reply takes payloads in chunks. */
  takesChunks(reply: InfoResponse): boolean;
}

/** Replies that are weighed one by one; more are weighed together, at the end. */
const WEIGHED = 200;

/** One look at who is there. */
interface Look {
  readonly isFirst: boolean;
  /** Resolves when the first instance has answered that satisfies the selection. */
  readonly found: Promise<void>;
  /** Resolves when all have answered. */
  readonly all: Promise<void>;
}

/** What INFO said of one service; kept until it is refreshed. */
export class ServiceResolver {
  private endpoints: Endpoints;
  /** Subjects on which somebody may listen who does not take payloads in chunks. */
  private withoutChunks: string[] = [];
  private first: Promise<void> | undefined;
  private running: Look | undefined;

  /** @throws TypeError for a selection that cannot be */
  constructor(
    private readonly source: InfoSource,
    readonly name: string,
    private readonly selection: ServiceSelection,
  ) {
    checkSelection(selection);
    this.endpoints = new Endpoints([], selection);
  }

  /** Resolves when the service has been found once. */
  ready(): Promise<void> {
    this.first ??= this.look(true).found.catch((error: unknown) => {
      this.first = undefined;
      throw error;
    });
    return this.first;
  }

  /** Looks again; those who ask meanwhile share the answer. */
  refresh(): Promise<void> {
    // The answer to the first look may be older than the reason to look again.
    if (this.running?.isFirst === true) this.running = undefined;
    return this.look().all;
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    await this.running?.all;
  }

  /** The names that endpoints are called by. */
  get methods(): string[] {
    return this.endpoints.methods;
  }

  /** The endpoint of a method's name, or undefined. */
  find(method: string): ServiceEndpoint | undefined {
    return this.endpoints.find(method);
  }

  /** The endpoint of a method's name, looked for again when it is not known. @throws Error when there is none */
  async get(method: string): Promise<ServiceEndpoint> {
    if (this.find(method) === undefined) await this.settled();
    if (this.find(method) === undefined) await this.refresh();
    const found = this.find(method);
    if (found === undefined) throw new Error(this.missing(method));
    if (found.problem !== undefined) throw new Error(found.problem);
    return found;
  }

  /** The ids of the instances that have the endpoint, as far as INFO has said yet. */
  idsWith(endpoint: ServiceEndpoint): string[] {
    return this.endpoints.idsOn(endpoint.subject);
  }

  /** Whether all instances that may get a request for the endpoint take payloads in chunks. */
  takesChunks(endpoint: Endpoint): boolean {
    return !this.withoutChunks.some((subject) => subjectsOverlap(subject, endpoint.subject));
  }

  private missing(method: string): string {
    const service = `service "${this.name}"`;
    const elsewhere = this.endpoints.refused(method);
    if (elsewhere !== undefined)
      return `endpoint "${method}" of ${service} is on ${elsewhere}, not ${placeOf(this.selection)}`;
    return `${service} has no endpoint "${method}"; found ${listed(this.methods)}`;
  }

  private look(isFirst = false): Look {
    if (this.running !== undefined) return this.running;
    let onFound = (): void => undefined;
    const first = new Promise<void>((resolve) => (onFound = resolve));
    const all = this.ask(() => this.running === look, onFound).finally(() => {
      if (this.running === look) this.running = undefined;
    });
    const found = Promise.race([first, all]);
    // Whoever looks waits for one of the two; what nobody waits for must not end the process.
    for (const one of [all, found]) one.catch(() => undefined);
    const look: Look = { isFirst, found, all };
    return (this.running = look);
  }

  /**
   * Takes in what is answered as it comes.
   * @param isLatest whether no later look has begun
   * @param onFound called for each instance that satisfies
   */
  private async ask(isLatest: () => boolean, onFound: () => void): Promise<void> {
    const replies = this.source.ask(this.name);
    const instances: InfoResponse[] = [];
    for await (const instance of replies) {
      instances.push(instance);
      if (instances.length > WEIGHED || !isLatest() || !this.satisfies(instance)) continue;
      this.take(instances, replies.problems);
      onFound();
    }
    if (isLatest()) this.take(instances, replies.problems);
  }

  private satisfies(instance: InfoResponse): boolean {
    // Whether an instance of an id shares its subjects is known only when the others have answered.
    if (this.selection.id !== undefined) return false;
    try {
      return new Endpoints(selectInstances(this.name, this.selection, [instance]), this.selection).methods.length > 0;
    } catch {
      return false;
    }
  }

  private take(instances: readonly InfoResponse[], problems: readonly ReplyProblem[]): void {
    if (instances.length === 0 && problems.length > 0) throw new DiscoveryError(problems);
    this.withoutChunks = instances
      .filter((instance) => !this.source.takesChunks(instance))
      .flatMap(({ endpoints }) => endpoints.map(({ subject }) => subject));
    // Where an instance listens whose reply cannot be read is unknown.
    if (problems.length > 0) this.withoutChunks.push('>');
    const selected = selectInstances(this.name, this.selection, instances);
    this.endpoints = new Endpoints(selected, this.selection);
    if (this.methods.length === 0)
      throw new Error(
        `service "${this.name}" has no endpoint ${placeOf(this.selection)}; found the subjects ${subjectsOf(selected)}`,
      );
    this.refuseShared(instances.filter((instance) => !selected.includes(instance)));
  }

  /** A subject cannot tell instances apart: where others listen on it too, one of them cannot be called alone. */
  private refuseShared(others: readonly InfoResponse[]): void {
    const { id } = this.selection;
    // Versions that share a subject replace one another, and calls go on meanwhile (docs/decisions/0012).
    if (id === undefined) return;
    this.endpoints.refuseWhere((method, subject) => {
      const other = others.find(({ endpoints }) => endpoints.some((one) => subjectsOverlap(one.subject, subject)));
      if (other === undefined) return undefined;
      return (
        `endpoint "${method}" of service "${this.name}" cannot be called on instance ${id} alone: instance ${other.id} ` +
        `(version ${other.version}) answers on ${subject}, too; give each a subject of its own, with @Group`
      );
    });
  }
}

function subjectsOf(instances: readonly InfoResponse[]): string {
  return listed([...new Set(instances.flatMap(({ endpoints }) => endpoints.map(({ subject }) => subject)))]);
}
