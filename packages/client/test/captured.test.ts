import { ServiceClient } from '@natsmith/client';
import { onEachServerAndClient } from '#test/matrix';
import type { Connection } from '#test/connection';

onEachServerAndClient(
  (_server, library) => {
    let connection: Connection;
    let client: ServiceClient;

    beforeEach(async () => {
      connection = await library.connect();
      client = new ServiceClient(connection);
      await connection.request(
        '$JS.API.STREAM.CREATE.ORD',
        JSON.stringify({ name: 'ORD', storage: 'memory', subjects: ['orders.>'] }),
        { timeout: 2_000 },
      );
    });

    const answer = (subject: string, body: string): void =>
      void connection.subscribe(subject, { callback: (_, message) => void message.respond(body) });

    it('the acknowledgement of a stream is not mistaken for the reply of a service', async () => {
      await expect(client.call('orders.new')).rejects.toThrow(
        /the reply to orders\.new is the acknowledgement of the stream "ORD", which stores that subject, and not of a service/,
      );
    });

    it('its refusal is not mistaken for a reply either', async () => {
      const call = client.call('orders.new', undefined, { headers: { 'Nats-Expected-Last-Sequence': '99999' } });
      await expect(call).rejects.toThrow(/acknowledgement of the stream "ORD"/);
    });

    it.each([
      '{"stream":"ORD","seq":1}',
      '{"stream":"other","seq":1,"more":true}',
      '{"error":{"code":1}}',
      '{"stream":7}',
    ])('a service may answer %j where no stream stores the subject', async (body) => {
      answer('bills.new', body);
      expect(await client.call('bills.new')).toEqual(JSON.parse(body));
      expect(await client.call('bills.new')).toEqual(JSON.parse(body));
    });
  },
  { jetstream: true },
);

onEachServerAndClient(
  (_server, library) => {
    it('without JetStream, a reply that looks like an acknowledgement is a reply', async () => {
      const connection = await library.connect();
      connection.subscribe('orders.new', {
        callback: (_, message) => void message.respond('{"stream":"ORD","seq":1}'),
      });
      const client = new ServiceClient(connection);
      expect(await client.call('orders.new')).toEqual({ stream: 'ORD', seq: 1 });
    });
  },
  { jetstream: false },
);
