import {
  NatsServiceFactory,
  type Class,
  type FactoryOptions,
  type NatsServiceHost,
  type RunningService,
} from '@natsmith/core';
import { type NatsConnection } from 'nats';
import { type Connection } from './connection';

/** Starts hosts that are stopped after each test, without a log and deaf to signals unless told otherwise. */
export interface Hosts {
  start<C extends Connection = NatsConnection>(
    target: Class | readonly Class[],
    options: HostOptions<C>,
  ): Promise<Started<C>>;
}

export type HostOptions<C extends Connection> = FactoryOptions<C> & Required<Pick<FactoryOptions<C>, 'connection'>>;

export interface Started<C extends Connection> {
  host: NatsServiceHost<C>;
  services: readonly RunningService[];
  /** The first service. */
  service: RunningService;
}

export function useHosts(): Hosts {
  const running: { stop(): Promise<unknown> }[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((host) => host.stop()));
  });
  return {
    async start(target, options) {
      const host = await NatsServiceFactory.create(target, { ...QUIET, ...options });
      running.push(host);
      return { host, services: host.services, service: firstOf(host.services) };
    },
  };
}

/** Runs services for all tests of a block; give `server` as what a hook before has started. */
export function runServices(server: { readonly url: string }, target: Class | readonly Class[]): void {
  let host: NatsServiceHost | undefined;
  beforeAll(async () => {
    host = await NatsServiceFactory.create(target, { ...QUIET, connection: { servers: server.url } });
  });
  afterAll(() => host?.stop());
}

const QUIET = { logger: false, signals: false, stopTimeout: 1000 } as const;

function firstOf(services: readonly RunningService[]): RunningService {
  const [service] = services;
  if (service === undefined) throw new Error('the host runs no service');
  return service;
}
