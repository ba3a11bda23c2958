import { DefinitionError, Endpoint, type RequestContext, Service, ServiceError } from '@natsmith/core';
import { TestHost } from '@natsmith/testing';
import { onEachServerAndClient } from '#test/matrix';

@Service({ name: 'greeter', version: '1.0.0' })
class Greeter {
  greeted = 0;

  @Endpoint({ request: 'unchecked' })
  greet({ name }: { name: string }, ctx: RequestContext): string {
    if (name === '') throw new ServiceError(422, 'no name', { data: { given: name } });
    this.greeted++;
    return `${ctx.headers.get('Greeting') ?? 'hello'} ${name}`;
  }

  @Endpoint()
  nothing(): void {}

  @Endpoint({ codec: 'text', request: 'unchecked' })
  say(): string {
    return 'not JSON';
  }

  @Endpoint({ request: 'unchecked', timeout: 200 })
  async slow(_payload: unknown, { signal }: RequestContext): Promise<void> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }
}

@Service({ name: 'not a name', version: '1.0.0' })
class Wrong {
  @Endpoint()
  nothing(): void {}
}

describe('a test host without a server', () => {
  it('runs on its own broker, which ends with it', async () => {
    const test = await TestHost.create(Greeter);
    const server = test.connection.getServer();
    await expect(test.request('greet', { name: 'Ann' })).resolves.toBe('hello Ann');
    await test.stop();
    await expect(TestHost.create(Greeter, { connection: { servers: server } })).rejects.toThrow('no connection');
  });

  it('moves the time of its broker, by which streams forget', async () => {
    await using test = await TestHost.create(Greeter);
    const manager = await test.connection.jetstreamManager();
    await manager.streams.add({ name: 'NEWS', subjects: ['news'], max_age: 3_600e9 });
    await test.connection.jetstream().publish('news', 'old');
    await test.advance('59m');
    const { state: before } = await manager.streams.info('NEWS');
    await test.advance(61_000);
    const { state: after } = await manager.streams.info('NEWS');
    expect([before.messages, after.messages]).toEqual([1, 0]);
  });

  it('rejects with a reason when the time cannot be moved', async () => {
    await using test = await TestHost.create(Greeter);
    await using other = await TestHost.create(Greeter, { server: { url: test.connection.getServer() } });
    await expect(other.advance('1h')).rejects.toThrow('does not run on a broker of its own');
    await expect(test.advance('soon' as never)).rejects.toThrow('advance: duration must be a positive duration');
  });

  it('rejects with what is wrong in the classes', async () => {
    await expect(TestHost.create(Wrong)).rejects.toThrow(DefinitionError);
  });
});

onEachServerAndClient((server, client) => {
  let test: TestHost<Awaited<ReturnType<typeof client.connect>>>;
  beforeEach(async () => {
    test = await TestHost.create(Greeter, { connection: await client.connect() });
  });
  afterEach(() => test.stop());

  it('sends JSON and headers, and reads the reply', async () => {
    await expect(test.request('greet', { name: 'Ann' }, { headers: { Greeting: 'good day' } })).resolves.toBe(
      'good day Ann',
    );
    await expect(test.request('nothing')).resolves.toBeUndefined();
  });

  it('throws the error that the service answered with', async () => {
    const error: unknown = await test.request('greet', { name: '' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: 422, description: 'no name', data: { given: '' } });
  });

  it('rejects when nobody listens, when no reply comes, and when the reply is not JSON', async () => {
    await expect(test.request('nowhere')).rejects.toMatchObject({
      code: 503,
      description: 'no responders on nowhere',
    });
    await expect(test.request('slow', undefined, { timeout: 50 })).rejects.toThrow('slow did not answer within 50 ms');
    await expect(test.request('say')).rejects.toThrow('the reply of say is not JSON');
  });

  it('returns the instances, so that a test can inspect them', async () => {
    await test.request('greet', { name: 'Ann' });
    expect(test.get(Greeter).greeted).toBe(1);
  });

  it('leaves the server running', async () => {
    await using other = await TestHost.create(Greeter, { server });
    await other.stop();
    await expect(test.request('greet', { name: 'Ann' })).resolves.toBe('hello Ann');
  });
});
