import { Endpoint, NatsServiceFactory, Service, type NatsServiceHost } from '@natsmith/core';
import { connect, type NatsConnection } from 'nats';
import { Log } from '#test/log';
import { onEachServer } from '#test/matrix';

@Service({ name: 'orders', version: '1.0.0' })
class Orders {
  @Endpoint({ subject: 'orders.new' })
  place(): string {
    return 'placed';
  }

  @Endpoint({ subject: 'orders.{id}.get' })
  get(): string {
    return 'got';
  }
}

const users = [
  { user: 'admin', pass: 'secret' },
  { user: 'service', pass: 'secret', permissions: { publish: { deny: ['$JS.>'] } } },
];

onEachServer(
  (server) => {
    let admin: NatsConnection;
    let log: Log;
    const hosts: NatsServiceHost[] = [];

    const stream = (config: object) =>
      admin.request('$JS.API.STREAM.CREATE.ORD', JSON.stringify({ name: 'ORD', storage: 'memory', ...config }));
    const start = async (user = 'admin'): Promise<NatsServiceHost> => {
      log = new Log();
      const connection = { servers: server.url, user, pass: 'secret' };
      const host = await NatsServiceFactory.create(Orders, { connection, logger: log, signals: false });
      hosts.push(host);
      return host;
    };

    beforeAll(async () => {
      admin = await connect({ servers: server.url, user: 'admin', pass: 'secret' });
    });
    afterAll(() => admin.close());
    afterEach(async () => {
      await Promise.all(hosts.splice(0).map((host) => host.stop()));
      await admin.request('$JS.API.STREAM.DELETE.ORD');
    });

    describe('a stream that stores the subject of an endpoint', () => {
      it('keeps the service from starting: it would answer each request', async () => {
        await stream({ subjects: ['orders.>'] });
        await expect(start()).rejects.toThrow(
          /stream "ORD" stores orders\.>, and answers requests on orders\.new with its acknowledgement before the service/,
        );
      });

      it('is warned of where it stores some of the subjects', async () => {
        await stream({ subjects: ['orders.7.get'] });
        await start();
        expect(log.find('warn', /stream "ORD" stores orders\.7\.get/)).toEqual([
          expect.objectContaining({ subject: 'orders.*.get', stream: 'ORD' }),
        ]);
      });

      it('is allowed where the stream does not acknowledge', async () => {
        await stream({ subjects: ['orders.>'], no_ack: true });
        await start();
        expect(log.problems).toBe('');
      });

      it('is allowed where its subjects do not overlap', async () => {
        await stream({ subjects: ['orders.placed', 'orders.*.shipped'] });
        await start();
        expect(log.problems).toBe('');
      });
    });

    it('without the right to ask, the service starts, and says so in a debug line', async () => {
      await stream({ subjects: ['orders.>'] });
      await start('service');
      expect(log.find('debug', /not checked whether streams capture .*: no right to ask/)).toHaveLength(1);
    });
  },
  { jetstream: true, users },
);

onEachServer(
  (server) => {
    it('without JetStream, the service starts, and says so in a debug line', async () => {
      const log = new Log();
      const host = await NatsServiceFactory.create(Orders, {
        connection: { servers: server.url },
        logger: log,
        signals: false,
      });
      expect(log.find('debug', /not checked whether streams capture .*: no JetStream/)).toHaveLength(1);
      expect(log.problems).toBe('');
      await host.stop();
    });
  },
  { jetstream: false },
);
