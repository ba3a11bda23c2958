import { NatsServiceFactory, type Class, type FactoryOptions, type NatsServiceHost } from '@natsmith/core';
import { type Connection } from '#test/connection';

/** Starts services that are stopped after each test, without a log and deaf to signals unless told otherwise. */
export function useHosts(): (
  target: Class | readonly Class[],
  connection: Connection,
  options?: Omit<FactoryOptions<Connection>, 'connection'>,
) => Promise<NatsServiceHost<Connection>> {
  const running: NatsServiceHost<Connection>[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((host) => host.stop()));
  });
  return async (target, connection, options) => {
    const host = await NatsServiceFactory.create(target, {
      connection,
      logger: false,
      signals: false,
      stopTimeout: 1000,
      ...options,
    });
    running.push(host);
    return host;
  };
}
