import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Endpoint, Group, NatsServiceFactory, Service } from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { NatsServer } from '@natsmith/testing';
import { describeWithNatsServer } from '#test/matrix';

const PAGE = readFileSync(join(__dirname, '../../docs/guide/accounts.md'), 'utf8');
const CONFIG = /```conf\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';

@Service({ name: 'calc', version: '1.0.0' })
@Group('math')
class Calc {
  @Endpoint({ request: 'unchecked' })
  add({ a, b }: { a: number; b: number }): number {
    return a + b;
  }

  @Endpoint({ queueGroup: false })
  each(): number {
    return 1;
  }

  @Endpoint()
  async *many(): AsyncIterable<number> {
    for (let i = 1; i <= 5000; i++) yield await Promise.resolve(i);
  }

  @Endpoint()
  big(): string {
    return 'x'.repeat(3_000_000);
  }
}

@Service({ name: 'single', version: '1.0.0' })
@Group('single')
class Single {
  @Endpoint()
  one(): number {
    return 1;
  }
}

describeWithNatsServer('the accounts of the guide', () => {
  it('calls, discovery, gather, streams and large replies cross a stream export; a singleton takes plain calls', async () => {
    await using server = await NatsServer.start({ config: CONFIG });
    const connection = { servers: server.url, user: 'provider', pass: 'p' };
    const options = { connection, logger: false, signals: false } as const;
    await using _one = await NatsServiceFactory.create([Calc, Single], options);
    await using _two = await NatsServiceFactory.create(Calc, options);
    await using client = await ServiceClient.connect({
      connection: { servers: server.url, user: 'consumer', pass: 'c' },
      prefix: 'provider',
    });

    expect((await client.ping('calc')).map(({ name }) => name)).toEqual(['calc', 'calc']);
    expect(await client.gather('math.each')).toMatchObject([{ value: 1 }, { value: 1 }]);
    const calc = await client.service<Calc>('calc');
    expect(await calc.add({ a: 1, b: 2 })).toBe(3);
    expect(await calc.big()).toHaveLength(3_000_000);
    // More than what may be sent before the reader's first credit.
    let last = 0;
    for await (const item of client.stream<number>('math.many')) expect(item).toBe(++last);
    expect(last).toBe(5000);
    expect(await client.call('single.one')).toBe(1);
  });
});
