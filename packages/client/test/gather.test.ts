import { ServiceClient, ServiceError } from '@natsmith/client';
import { Endpoint, Service, type RequestContext } from '@natsmith/core';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';

let count = 0;

@Service({ name: 'cache', version: '1.0.0', queueGroup: false })
class Cache {
  private readonly number = ++count;

  @Endpoint()
  number_(_: undefined, { headers }: RequestContext): { number: number; left: string | undefined } {
    return { number: this.number, left: headers.get('Natsmith-Timeout') };
  }

  @Endpoint()
  odd(): number {
    if (this.number % 2 === 0) throw new ServiceError(409, 'even');
    return this.number;
  }

  @Endpoint({ queueGroup: 'q' })
  one(): number {
    return this.number;
  }
}

@Service({ name: 'mouth', version: '1.0.0', queueGroup: false })
class Loud {
  @Endpoint() say(_: undefined, _ctx: RequestContext): string | Promise<string> {
    return 'hello';
  }
}

@Service({ name: 'mouth', version: '1.0.0', queueGroup: false })
class Mute extends Loud {
  @Endpoint() override say(_: undefined, { stopping }: RequestContext): Promise<string> {
    return new Promise((resolve) => stopping.addEventListener('abort', () => resolve('')));
  }
}

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let client: ServiceClient;

  beforeEach(async () => {
    count = 0;
    connection = await library.connect();
    client = new ServiceClient(connection, { discovery: { stall: 300 } });
    for (let i = 0; i < 3; i++) await start(Cache, { connection });
  });
  afterEach(() => client.close());

  test('all instances answer, as an array and one by one, and know how long they are waited for', async () => {
    const replies = client.gather<{ number: number; left: string }>('number_', undefined, {
      timeout: 9_000,
      stall: 300,
    });
    const numbers: number[] = [];
    for await (const reply of replies) if (reply.ok) numbers.push(reply.value.number);
    expect(numbers.sort()).toEqual([1, 2, 3]);
    const all = await replies;
    expect(all).toHaveLength(3);
    for (const reply of all) {
      expect(reply).toMatchObject({ ok: true, value: { left: '9000' } });
      expect(reply.rtt).toBeGreaterThan(0);
    }
  });

  test('requestMany returns replies as they came, and sends only the given headers', async () => {
    connection.subscribe('cache.plain', {
      callback: (_error, message) => message.respond(String(message.headers?.keys())),
    });
    const [named, ...others] = await client.requestMany('cache.plain', undefined, {
      headers: { Tenant: 'acme' },
      stall: 300,
    });
    expect(others).toEqual([]);
    expect(Buffer.from(named?.data ?? []).toString()).toBe('Tenant');
    const replies = await client.requestMany('odd', undefined, { stall: '300ms' });
    expect(replies.map(({ headers }) => headers.get('Nats-Service-Error-Code') ?? 'none').sort()).toEqual([
      '409',
      'none',
      'none',
    ]);
  });

  test('stop() ends the gathering with what is there', async () => {
    const gathered = client.requestMany('number_', undefined, { stall: '1m', timeout: '1m' });
    for await (const reply of gathered) {
      expect(reply.rtt).toBeGreaterThan(0);
      gathered.stop();
    }
    expect((await gathered).length).toBeGreaterThanOrEqual(1);
  });

  test('each answer of a natsmith service names its instance, errors too; those of others do not', async () => {
    const ids = (await client.ping('cache')).map(({ id }) => id).sort();
    const replies = await client.gather({ service: 'cache', endpoint: 'odd' }, undefined, { stall: 300 });
    expect(replies.map(({ instance }) => instance).sort()).toEqual(ids);
    connection.subscribe('cache.plain', { callback: (_error, message) => message.respond('7') });
    const [plain, ...others] = await client.gather('cache.plain', undefined, { stall: 300 });
    expect(plain).toMatchObject({ ok: true, value: 7, rtt: expect.any(Number) as number });
    expect(plain).not.toHaveProperty('instance');
    expect(others).toEqual([]);
  });

  test('an instance that runs and does not answer is a problem, one that has ended is none', async () => {
    const silent = await start(Mute, { connection });
    const ended = await start(Loud, { connection });
    await start(Loud, { connection });
    const target = { service: 'mouth', endpoint: 'say' };
    expect(await client.gather(target, undefined, { stall: 300 })).toHaveLength(2);
    const { id } = silent.service;
    await ended.host.stop();
    const replies = await client.gather(target, undefined, { stall: 300 });
    expect(replies).toMatchObject([{ ok: true, value: 'hello' }]);
    expect(replies.problems).toMatchObject([{ from: { name: 'mouth', id } }]);
    expect(replies.problems[0]?.reason).toMatch(`service "mouth" (id ${id}) runs and did not answer "say"`);
  });

  test('the error of one does not hide the others', async () => {
    const replies = await client.gather<number>({ service: 'cache', endpoint: 'odd' }, undefined, { stall: 300 });
    expect(replies.filter(({ ok }) => ok)).toHaveLength(2);
    const [failed] = replies.filter((reply) => !reply.ok);
    expect(failed!.error).toBeInstanceOf(ServiceError);
    expect(failed!.error).toMatchObject({ code: 409, description: 'even' });
  });

  test('an endpoint with a queue group cannot be gathered, and the error says why', async () => {
    await expect(client.gather({ service: 'cache', endpoint: 'one' })).rejects.toThrow(
      'endpoint "one" of service "cache" has the queue group "q", so one instance answers for all',
    );
  });

  test('a reply that is not JSON is a problem, and hides none of the others', async () => {
    connection.subscribe('cache.faulty', { callback: (_error, message) => message.respond('not json') });
    connection.subscribe('cache.faulty', { callback: (_error, message) => message.respond('7') });
    const replies = await client.gather('cache.faulty', undefined, { stall: 300 });
    expect(replies).toMatchObject([{ ok: true, value: 7 }]);
    expect(replies.problems).toEqual([
      { reason: expect.stringContaining('the reply of cache.faulty is not JSON') as string },
    ]);
  });

  test('more replies than the limit are not read, and the result says so', async () => {
    const replies = await client.gather('number_', undefined, { stall: 300, max: 2 });
    expect(replies).toHaveLength(2);
    expect(replies.problems).toEqual([{ reason: 'more than 2 replies on number_ are not read' }]);
  });

  test('nobody on the subject is nothing, at once; a service that is not there is a 503', async () => {
    const wait = { timeout: 600_000, stall: 600_000 };
    await using patient = new ServiceClient(connection, { discovery: wait });
    expect(await patient.gather('nobody.there', undefined, wait)).toEqual([]);
    await expect(patient.gather({ service: 'nobody', endpoint: 'x' }, undefined, wait)).rejects.toMatchObject({
      code: 503,
    });
    await expect(patient.gather('a.>')).rejects.toThrow('may not contain ">"');
  });
});
