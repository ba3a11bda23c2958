import { Endpoint, Group, Service } from '@natsmith/core';
import { type InfoResponse } from '@natsmith/protocol';
import { type Connection } from '#test/connection';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { gather } from '#test/replies';

@Group('inner')
class Unset {
  @Endpoint()
  inherits(): void {}

  @Endpoint({ queueGroup: 'own' })
  own(): void {}

  @Endpoint({ queueGroup: false })
  none(): void {}
}

@Group('named', { queueGroup: 'group', groups: [Unset] })
class NamedGroup {
  @Endpoint()
  inherits(): void {}

  @Group('deeper', { queueGroup: 'method' })
  @Endpoint()
  onMethod(): void {}
}

@Group('disabled', { queueGroup: false, groups: [Unset] })
class DisabledGroup {
  @Endpoint()
  inherits(): void {}

  @Endpoint({ queueGroup: 'child' })
  child(): void {}

  @Group('again', { queueGroup: 'method' })
  @Endpoint()
  onMethod(): void {}
}

@Service({ name: 'default', version: '1.0.0', groups: [NamedGroup, DisabledGroup, Unset] })
class DefaultService {
  @Endpoint()
  inherits(): void {}

  @Endpoint({ queueGroup: 'own' })
  own(): void {}

  @Endpoint({ queueGroup: false })
  none(): void {}

  @Endpoint({ queueGroup: '' })
  empty(): void {}
}

@Service({ name: 'named', version: '1.0.0', queueGroup: 'service', groups: [Unset] })
@Group('own')
class NamedService {
  @Endpoint()
  inherits(): void {}
}

@Service({ name: 'disabled', version: '1.0.0', queueGroup: false, groups: [NamedGroup, Unset] })
class DisabledService {
  @Endpoint()
  inherits(): void {}

  @Endpoint({ queueGroup: 'child' })
  child(): void {}
}

onEachServer((server) => {
  const hosts = useHosts();

  describe('inheritance: the nearest setting wins, endpoint, then groups from the inside out, then service', () => {
    it.each([
      [
        'a service that sets none: "q"',
        DefaultService,
        {
          inherits: 'q',
          own: 'own',
          none: '',
          empty: '',
          'named.inherits': 'group',
          'named.deeper.onMethod': 'method',
          'named.inner.inherits': 'group',
          'named.inner.own': 'own',
          'named.inner.none': '',
          'disabled.inherits': '',
          'disabled.child': 'child',
          'disabled.again.onMethod': 'method',
          'disabled.inner.inherits': '',
          'disabled.inner.own': 'own',
          'disabled.inner.none': '',
          'inner.inherits': 'q',
          'inner.own': 'own',
          'inner.none': '',
        },
      ],
      [
        'a service that names one',
        NamedService,
        { 'own.inherits': 'service', 'inner.inherits': 'service', 'inner.own': 'own', 'inner.none': '' },
      ],
      [
        'a service that disables it',
        DisabledService,
        {
          inherits: '',
          child: 'child',
          'named.inherits': 'group',
          'named.deeper.onMethod': 'method',
          'named.inner.inherits': 'group',
          'named.inner.own': 'own',
          'named.inner.none': '',
          'inner.inherits': '',
          'inner.own': 'own',
          'inner.none': '',
        },
      ],
    ])('%s', async (_title, target, expected) => {
      const { host, service } = await hosts.start(target, { connection: { servers: server.url } });
      const nc = host.connection;
      const shown = (info: { endpoints: InfoResponse['endpoints'] }) =>
        Object.fromEntries(info.endpoints.map(({ subject, queue_group }) => [subject, queue_group]));
      expect(shown((await nc.request(`$SRV.INFO.${service.name}`)).json())).toEqual(expected);
      expect(shown((await nc.request(`$SRV.STATS.${service.name}`)).json())).toEqual(expected);
    });
  });
});

onEachServerAndClient((_server, client) => {
  const hosts = useHosts();
  let nc: Connection;
  const instances = (target: typeof DefaultService | typeof DisabledService, count: number) =>
    Promise.all(Array.from({ length: count }, async () => hosts.start(target, { connection: await client.connect() })));

  beforeEach(async () => {
    nc = await client.connect();
  });

  describe('three instances', () => {
    it.each(['inherits', 'own', 'named.inherits', 'disabled.child', 'disabled.again.onMethod'])(
      'give one reply to each request on %s, which has a queue group',
      async (subject) => {
        const started = await instances(DefaultService, 3);
        expect(await gather(nc, subject, 20, 20)).toHaveLength(20);
        const counts = await Promise.all(started.map(({ service }) => requestsOn(service, subject)));
        expect(counts.reduce((sum, count) => sum + count)).toBe(20);
        expect(counts.filter((count) => count > 0).length).toBeGreaterThan(1);
      },
    );

    it.each(['none', 'empty', 'disabled.inherits', 'disabled.inner.none', 'named.inner.none'])(
      'all answer each request on %s, which has none',
      async (subject) => {
        const started = await instances(DefaultService, 3);
        expect(await gather(nc, subject, 15, 5)).toHaveLength(15);
        for (const { service } of started) expect(await requestsOn(service, subject)).toBe(5);
      },
    );

    it('all answer where the service has no queue group, and one answers where a child names one', async () => {
      await instances(DisabledService, 3);
      expect(await gather(nc, 'inherits', 15, 5)).toHaveLength(15);
      expect(await gather(nc, 'child', 5, 5)).toHaveLength(5);
    });
  });

  it('services of different queue groups each get every message', async () => {
    @Service({ name: 'left', version: '1.0.0', queueGroup: 'left' })
    class Left {
      @Endpoint({ subject: 'evt.>', request: 'unchecked' })
      on(): void {}
    }
    @Service({ name: 'right', version: '1.0.0', queueGroup: 'right' })
    class Right {
      @Endpoint({ subject: 'evt.created', request: 'unchecked' })
      on(): void {}
    }
    const { host } = await hosts.start([Left, Right], { connection: await client.connect() });
    for (let i = 0; i < 10; i++) nc.publish('evt.created', '{}');
    await nc.flush();
    await host.connection.flush();
    for (const service of host.services) expect(await requestsOn(service, undefined)).toBe(10);
  });
});

async function requestsOn(
  service: { stats(): Promise<{ endpoints: { subject: string; num_requests: number }[] }> },
  subject?: string,
) {
  const { endpoints } = await service.stats();
  return endpoints.find((endpoint) => subject === undefined || endpoint.subject === subject)?.num_requests ?? 0;
}
