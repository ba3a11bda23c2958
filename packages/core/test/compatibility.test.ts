import {
  Endpoint,
  Group,
  Service,
  ServiceError,
  StatsHandler,
  type EndpointStats,
  type RunningService,
} from '@natsmith/core';
import { type InfoResponse, type PingResponse, type StatsResponse } from '@natsmith/protocol';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { gather } from '#test/replies';
import { schemaViolations } from './schemas';

// The service that the NATS project asks of every client library, to hold them against each other.

@Group('g1')
class First {
  @Endpoint({ name: 'g1-parent-queue', subject: 'parent.queue' })
  parentQueue(body: Uint8Array): Uint8Array {
    return body;
  }

  @Endpoint({ name: 'g1-custom-queue', subject: 'custom.queue', queueGroup: 'endpoint-group' })
  customQueue(body: Uint8Array): Uint8Array {
    return body;
  }
}

@Group('g2', { queueGroup: 'group-queue' })
class Second {
  @Endpoint({ name: 'g2-parent-queue', subject: 'parent.queue' })
  parentQueue(body: Uint8Array): Uint8Array {
    return body;
  }

  @Endpoint({ name: 'g2-custom-queue', subject: 'custom.queue', queueGroup: 'endpoint-group' })
  customQueue(body: Uint8Array): Uint8Array {
    return body;
  }
}

@Service({
  name: 'demo',
  version: '1.0.0',
  description: 'demo service',
  metadata: { workload: 'cpu' },
  groups: [First, Second],
})
class Demo {
  @Endpoint({ name: 'demo-default-queue', subject: 'demo.default', metadata: { key: 'value' } })
  defaultQueue(body: Uint8Array): Uint8Array {
    return body;
  }

  @Endpoint({ name: 'demo-custom-queue', subject: 'demo.default', queueGroup: 'endpoint-group' })
  customQueue(body: Uint8Array): Uint8Array {
    return body;
  }

  @Endpoint()
  faulty(): never {
    throw new ServiceError(500, 'handler error');
  }

  @StatsHandler()
  data({ name }: EndpointStats): unknown {
    return { endpoint: name };
  }
}

const ENDPOINTS = [
  { name: 'demo-default-queue', subject: 'demo.default', queue_group: 'q' },
  { name: 'demo-custom-queue', subject: 'demo.default', queue_group: 'endpoint-group' },
  { name: 'faulty', subject: 'faulty', queue_group: 'q' },
  { name: 'g1-parent-queue', subject: 'g1.parent.queue', queue_group: 'q' },
  { name: 'g1-custom-queue', subject: 'g1.custom.queue', queue_group: 'endpoint-group' },
  { name: 'g2-parent-queue', subject: 'g2.parent.queue', queue_group: 'group-queue' },
  { name: 'g2-custom-queue', subject: 'g2.custom.queue', queue_group: 'endpoint-group' },
];

onEachServerAndClient((_server, client) => {
  const hosts = useHosts();
  let service: RunningService;
  let nc: Connection;

  beforeEach(async () => {
    ({ service } = await hosts.start(Demo, { connection: await client.connect() }));
    nc = await client.connect();
  });

  const ask = async <Reply>(subject: string): Promise<Reply> => (await nc.request(subject)).json();

  test.each(['$SRV.PING', '$SRV.PING.demo'])('%s', async (subject) => {
    const reply = await ask<PingResponse>(subject);
    const { name, id } = service;
    const metadata = { workload: 'cpu' };
    expect(reply).toEqual({ type: 'io.nats.micro.v1.ping_response', name, id, version: '1.0.0', metadata });
    expect(schemaViolations('PING', reply)).toEqual([]);
  });

  test.each(['$SRV.INFO', '$SRV.INFO.demo'])(
    '%s shows each endpoint with its subject and queue group',
    async (subject) => {
      const reply = await ask<InfoResponse>(subject);
      expect(reply).toMatchObject({
        type: 'io.nats.micro.v1.info_response',
        name: 'demo',
        id: service.id,
        version: '1.0.0',
        description: 'demo service',
        metadata: { workload: 'cpu' },
      });
      const shown = reply.endpoints.map(({ name, subject, queue_group }) => ({ name, subject, queue_group }));
      expect(new Set(shown)).toEqual(new Set(ENDPOINTS));
      expect(reply.endpoints.find(({ name }) => name === 'demo-default-queue')?.metadata).toMatchObject({
        key: 'value',
      });
      expect(schemaViolations('INFO', reply)).toEqual([]);
    },
  );

  test('two endpoints on one subject, in queue groups of their own, answer both', async () => {
    expect(await gather(nc, 'demo.default', 2)).toHaveLength(2);
  });

  test.each(['g1.parent.queue', 'g1.custom.queue', 'g2.parent.queue', 'g2.custom.queue'])(
    '%s answers',
    async (subject) => {
      expect(await gather(nc, subject, 1)).toHaveLength(1);
    },
  );

  test('an error has its code and its description in headers', async () => {
    const { headers } = await nc.request('faulty');
    expect(headers?.get('Nats-Service-Error-Code')).toBe('500');
    expect(headers?.get('Nats-Service-Error')).toBe('handler error');
  });

  test('$SRV.STATS counts each endpoint, has its last error, and what the stats handler says of it', async () => {
    await nc.request('faulty');
    await gather(nc, 'demo.default', 2);
    const reply = await ask<StatsResponse>(`$SRV.STATS.demo.${service.id}`);
    expect(reply.type).toBe('io.nats.micro.v1.stats_response');
    const { endpoints } = reply;
    const shown = endpoints.map(({ name, subject, queue_group }) => ({ name, subject, queue_group }));
    expect(new Set(shown)).toEqual(new Set(ENDPOINTS));
    for (const { name, data } of endpoints) expect(data).toEqual({ endpoint: name });
    const counts = Object.fromEntries(
      endpoints.map(({ name, num_requests, num_errors }) => [name, [num_requests, num_errors]]),
    );
    expect(counts).toEqual({
      'demo-default-queue': [1, 0],
      'demo-custom-queue': [1, 0],
      faulty: [1, 1],
      'g1-parent-queue': [0, 0],
      'g1-custom-queue': [0, 0],
      'g2-parent-queue': [0, 0],
      'g2-custom-queue': [0, 0],
    });
    expect(endpoints.find(({ name }) => name === 'faulty')?.last_error).toBe('500:handler error');
    expect(schemaViolations('STATS', reply)).toEqual([]);
  });

  test('after stop() nobody answers, neither endpoints nor discovery', async () => {
    await service.stop();
    for (const subject of ['demo.default', 'faulty', 'g1.parent.queue', '$SRV.PING.demo', '$SRV.INFO.demo'])
      await expect(nc.request(subject)).rejects.toThrow(/503|no responders/i);
  });
});
