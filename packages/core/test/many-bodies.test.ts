import { ServiceClient } from '@natsmith/client';
import { Endpoint, Service } from '@natsmith/core';
import { describeWithNatsServer } from '#test/matrix';
import { NatsServer } from '@natsmith/testing';
import { connect } from 'nats';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';

const MiB = 1024 * 1024;

@Service({ name: 'bodies', version: '1.0.0', maxBody: 8 * MiB })
class Bodies {
  @Endpoint() size(body: Uint8Array): number {
    return body.length;
  }
}

describeWithNatsServer('a nats-server', () => {
  const hosts = useHosts();

  test('has no slow consumer when many clients upload more together than it would hold', async () => {
    await using server = await NatsServer.start();
    const log = new Log();
    await hosts.start(Bodies, { connection: await connect({ servers: server.url }), logger: log });
    const body = Buffer.alloc(4 * MiB);
    const clients = await Promise.all(
      Array.from({ length: 40 }, async () => new ServiceClient(await connect({ servers: server.url }))),
    );
    try {
      const sizes = await Promise.all(
        clients.map(async (client) => {
          const bodies = await client.service<Bodies>('bodies', { timeout: 60_000 });
          return bodies.size(body);
        }),
      );
      expect(sizes).toEqual(Array(40).fill(body.length));
      expect(server.output).not.toMatch(/slow consumer/i);
    } finally {
      await Promise.all(clients.map(({ connection }) => connection.close()));
    }
  });
});
