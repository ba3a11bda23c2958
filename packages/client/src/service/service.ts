import {
  checkedElsewhere,
  checkOptions,
  nameProblem,
  type Duration,
  type InfoResponse,
  type OptionRules,
} from '@natsmith/protocol';
import { call } from '../call/call';
import { STREAM_OPTIONS, type CallOptions } from '../call/call-options';
import type { Caller } from '../call/caller';
import { callOrStream } from '../call/call-or-stream';
import { MethodDestination } from '../call/destination';
import { readReply } from '../call/reply';
import { POLICY_OPTIONS, type PolicyOptions } from '../call/retry';
import { timeoutOf } from '../call/timeout-error';
import type { Discovery } from '../discovery/discovery';
import { stream } from '../stream/stream';
import { serviceProxy, type ServiceProxy } from './proxy';
import { ServiceResolver } from './resolver';
import { SELECTION, type ServiceSelection } from './selection';

/** What `client.service` takes besides the service's name: which instances are meant, and defaults of its calls. */
export interface ServiceSelector extends ServiceSelection, PolicyOptions, Pick<CallOptions, 'timeout'> {}

export const SELECTOR_OPTIONS: OptionRules<ServiceSelector> = {
  ...SELECTION,
  ...POLICY_OPTIONS,
  timeout: checkedElsewhere,
};

/** What INFO said of services; each is asked once. */
export class Services {
  private readonly resolvers = new Map<string, ServiceResolver>();

  constructor(readonly discovery: Discovery) {}

  /** @throws TypeError for a name or a selection that cannot be */
  resolver(name: string, { version, id, group, subjects }: ServiceSelection): ServiceResolver {
    const problem = nameProblem(name);
    if (problem !== undefined) throw new TypeError(`service name ${problem}`);
    const key = JSON.stringify([name, version, id, group, subjects]);
    let resolver = this.resolvers.get(key);
    if (resolver === undefined) {
      const { discovery } = this;
      const source = {
        ask: (name: string) => discovery.ask('INFO', name),
        takesChunks: (reply: InfoResponse) => discovery.takesChunks(reply),
      };
      resolver = new ServiceResolver(source, name, { version, id, group, subjects });
      this.resolvers.set(key, resolver);
    }
    return resolver;
  }
}

/** The proxy of a service that has been found. */
export function proxyOf<T>(caller: Caller, resolver: ServiceResolver, options: ServiceSelector): ServiceProxy<T> {
  const { policy, retries } = options;
  const ofStreams = { policy, retries };
  const timeout: Duration | undefined = options.timeout && timeoutOf(options.timeout, caller.timeout);
  const ofCalls = { policy, retries, timeout };
  return serviceProxy<T>({
    service: resolver.name,
    methods: () => resolver.methods,
    has: (method) => resolver.find(method) !== undefined,
    method(name) {
      const destination = new MethodDestination(resolver, name);
      const where = `${resolver.name}.${name}()`;
      return (payload, own) => {
        const callIt = () => {
          if (own === undefined) return call(caller, destination, payload, ofCalls, readReply);
          checkOptions(own, STREAM_OPTIONS, where);
          return call(caller, destination, payload, { ...ofCalls, ...own }, readReply);
        };
        const streamIt = () => {
          if (own !== undefined) checkOptions(own, STREAM_OPTIONS, where);
          // For a stream, the timeout of a call is that until the first sign of life.
          return stream(caller, destination, payload, { ...ofStreams, ...own }, timeout);
        };
        return destination.endpoint?.givesStream === true ? streamIt() : callOrStream(callIt, streamIt, name);
      };
    },
  });
}
