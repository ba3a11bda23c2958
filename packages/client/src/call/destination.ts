import { checkTemplate, subjectToCall } from '../service/params';
import type { ServiceEndpoint } from '../service/endpoints';
import type { ServiceResolver } from '../service/resolver';
import type { SubjectCallOptions } from './call-options';
import type { Endpoint } from './endpoint';

/** Where a call goes: to a subject, or to a method of a service, whose endpoint is in INFO. */
export interface Destination {
  readonly service: string | undefined;
  readonly method: string | undefined;
  /** The endpoint, where it is known without asking. */
  readonly endpoint: Endpoint | undefined;
  /** @throws Error when there is none */
  find(): Promise<Endpoint>;
  /** Finds the endpoint again, where nobody listens on its subject any more; undefined for a subject. */
  findAgain(): Promise<Endpoint> | undefined;
  /** Whether everybody who may get the request takes payloads in chunks. */
  takesChunks(endpoint: Endpoint): Promise<boolean>;
  /** What to do about a message that is too large. */
  readonly advice: string;
}

/** A subject, of which nothing else is known. */
export class SubjectDestination implements Destination {
  readonly service = undefined;
  readonly method = undefined;
  readonly endpoint: Endpoint;
  /** With the values of its named tokens. */
  readonly subject: string;
  readonly advice =
    'send less, or call it by client.service(), which knows whether the service takes larger payloads in chunks';

  /** @throws TypeError for a subject that no message can be sent to, and for params that do not fit */
  constructor(template: string, { params, idempotent = false }: Pick<SubjectCallOptions, 'params' | 'idempotent'>) {
    const hasTokens = checkTemplate(template);
    this.endpoint = { subject: template, template, hasTokens, takesStream: undefined, isIdempotent: idempotent };
    this.subject = subjectToCall(this.endpoint, params);
  }

  find(): Promise<Endpoint> {
    return Promise.resolve(this.endpoint);
  }

  findAgain(): undefined {
    return undefined;
  }

  takesChunks(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

/** A method of a service. */
export class MethodDestination implements Destination {
  readonly advice = 'send less, or raise max_payload: the service takes no larger payloads in chunks';

  constructor(
    private readonly resolver: ServiceResolver,
    readonly method: string,
  ) {}

  get service(): string {
    return this.resolver.name;
  }

  get endpoint(): ServiceEndpoint | undefined {
    const found = this.resolver.find(this.method);
    return found?.problem === undefined ? found : undefined;
  }

  find(): Promise<ServiceEndpoint> {
    return this.resolver.get(this.method);
  }

  async findAgain(): Promise<ServiceEndpoint> {
    await this.resolver.refresh();
    return this.resolver.get(this.method);
  }

  async takesChunks(endpoint: Endpoint): Promise<boolean> {
    await this.resolver.settled();
    return this.resolver.takesChunks(endpoint);
  }
}
