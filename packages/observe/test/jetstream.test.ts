import { event, Service, ServiceError, unchecked } from '@natsmith/core';
import { Consume, eventStream, JetStreamPublisher } from '@natsmith/jetstream';
import { jetstreamManager } from '@nats-io/jetstream';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { onEachJetStream } from '#test/matrix';
import { observe } from '../src/index';
import { eventually, page, valueOf } from './pages';

interface Order {
  isBad?: boolean;
  waits?: boolean;
}
const Placed = event('observed-orders.{id}.placed', unchecked<Order>());
const Shipped = event('observed-orders.{id}.shipped', unchecked<Order>());
const Orders = eventStream('OBSERVED', { events: [Placed, Shipped] });

let release: () => void = () => undefined;

@Service({ name: 'mailer', version: '2.0.0' })
class Mailer {
  @Consume(Orders, [Placed, Shipped], { concurrency: 1 })
  async mail({ isBad, waits }: Order): Promise<void> {
    if (isBad) throw new ServiceError(400, 'bad order');
    if (waits) await new Promise<void>((resolve) => (release = resolve));
  }
}

onEachJetStream((server, client) => {
  describe('observe() of consumers', () => {
    const hosts = useHosts();
    let connection: Connection;
    let url: string;
    const metrics = async (): Promise<string> => (await page(`${url}/metrics`)).body;
    const OF = '{service="mailer",version="2.0.0",handler="mail",kind="consumer"}';
    beforeEach(async () => {
      connection = await client.connect();
      const { host } = await hosts.start(Mailer, { connection: await client.connect() });
      ({ url } = await observe(host, { port: 0 }));
    });
    const publish = (order: Order, id: number) =>
      new JetStreamPublisher(connection).publish(Placed, order, { params: { id: String(id) } });

    it('shows the lag, what is not acknowledged, and dead letters', async () => {
      const before = await metrics();
      expect(valueOf(before, `natsmith_dead_letters_total${OF}`)).toBe(0);
      expect(valueOf(before, `natsmith_message_retries_total${OF}`)).toBe(0);
      await publish({ isBad: true }, 0);
      await eventually(metrics, (text) => valueOf(text, `natsmith_dead_letters_total${OF}`) === 1);
      await publish({ waits: true }, 1);
      await eventually(metrics, (text) => valueOf(text, `natsmith_messages_in_flight${OF}`) === 1);
      for (let id = 2; id <= 20; id++) await publish({}, id);
      const lag = (text: string) => valueOf(text, `natsmith_consumer_lag_messages${OF}`);
      const unacknowledged = (text: string) => valueOf(text, `natsmith_consumer_unacknowledged_messages${OF}`);
      const text = await eventually(metrics, (shown) => lag(shown) !== undefined);
      expect((lag(text) ?? 0) + (unacknowledged(text) ?? 0)).toBe(20);
      release();
      await eventually(metrics, (shown) => lag(shown) === 0 && unacknowledged(shown) === 0);
      expect(await metrics()).toMatch(/natsmith_message_errors_total\{[^}]*kind="consumer",code="400"\} 1\n/);
    });

    it('is not ready while a consumer is not bound', async () => {
      const ready = () => page(`${url}/ready`);
      await eventually(ready, ({ status }) => status === 200);
      const manager = await jetstreamManager(connection as never);
      await manager.streams.delete('OBSERVED');
      const { body } = await eventually(ready, ({ status }) => status === 503);
      expect(body).toContain('consumer mail of mailer takes no messages\n');
    });
  });
});
