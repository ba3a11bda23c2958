import * as nats3 from '@nats-io/transport-node';
import { DefinitionError, Endpoint, NatsServiceFactory, type OnStart, type OnStop, Service } from '@natsmith/core';
import { startServer, TestHost, type TestServer } from '@natsmith/testing';
import { container, injectable, type InjectionToken } from 'tsyringe';

const opened: string[] = [];

// #region lifecycle
@injectable()
class Database {
  names = ['Ann'];
}

@Service({ name: 'people', version: '1.0.0' })
@injectable()
class People implements OnStart, OnStop {
  constructor(private readonly database: Database) {}

  onStart(): void {
    opened.push('people');
  }

  onStop(): void {
    opened.pop();
  }

  @Endpoint()
  all(): string[] {
    return this.database.names;
  }
}
// #endregion

@Service({ name: 'greeter', version: '1.0.0' })
class Greeter {
  @Endpoint()
  greet(name: string): string {
    return `hello ${name}`;
  }
}

describe('the examples of docs/reference/bootstrap.md', () => {
  let server: TestServer;
  beforeAll(async () => (server = await startServer('broker')));
  afterAll(() => server.stop());

  it('start with a container, and stop', async () => {
    const servers = server.url;
    // #region create
    const host = await NatsServiceFactory.create([People], {
      connection: { servers, name: 'people' },
      container: { get: (target) => container.resolve(target as InjectionToken<never>) },
      stopTimeout: 5000,
      logger: false,
    });
    // #endregion
    expect(opened).toEqual(['people']);
    expect(host.get(People).all()).toEqual(['Ann']);
    await host.stop();
    expect(opened).toEqual([]);
  });

  it('share a connection of nats.js 3, which stays open', async () => {
    const servers = server.url;
    // #region shared
    const connection = await nats3.connect({ servers });
    const host = await NatsServiceFactory.create(Greeter, { connection, signals: false, logger: false });
    // #endregion
    expect((await connection.request('greet', '"Ann"')).json()).toBe('hello Ann');
    await host.stop();
    expect(connection.isClosed()).toBe(false);
    await connection.close();
  });

  it('add endpoints to a running service', async () => {
    await using test = await TestHost.create(Greeter);
    const [greeter] = test.host.services;
    // #region added
    const admin = greeter!.addGroup('admin', { queueGroup: false });
    await admin.addEndpoint('greet', (payload: { name: string }) => `hello ${payload.name}`);
    // #endregion
    expect(await test.request('admin.greet', { name: 'Ann' })).toBe('hello Ann');
  });

  it('hear of a connection that has closed, and of every mistake at once', async () => {
    @Service({ name: 'no good', version: '1' })
    class Wrong {}
    const error = await NatsServiceFactory.create(Wrong).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DefinitionError);
    expect((error as DefinitionError).message.split('\n')).toEqual([
      '3 mistakes:',
      '  - Wrong service name "no good" may hold only letters, digits, "_" and "-"; for example "no-good"',
      '  - Wrong version "1" is not SemVer 2.0.0; write for example 1.0.0',
      '  - Wrong has no handler; write @Endpoint() or @Subscribe(event) above a method (ADR-32 asks for at least one)',
    ]);
  });
});
