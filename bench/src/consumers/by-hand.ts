import { randomUUID } from 'node:crypto';
import { AckPolicy, connect, type Consumer, type JsMsg } from 'nats';
import { io, subject, url, variant, type Two } from '../services/process';
import { consumer } from './process';

/** As many messages wait in the process as in natsmith's. */
const AHEAD = { max_messages: 500 };

function sumOf(message: JsMsg): number {
  const { a, b } = message.json<Two>();
  return a + b;
}

const ways: Record<string, (from: Consumer, handled: (sum: number) => void) => Promise<void>> = {
  async callback(from, handled) {
    await from.consume({
      ...AHEAD,
      callback(message) {
        const sum = sumOf(message);
        message.ack();
        handled(sum);
      },
    });
  },
  async loop(from, handled) {
    for await (const message of await from.consume(AHEAD)) {
      const sum = sumOf(message);
      message.ack();
      handled(sum);
    }
  },
  async 'callback-io'(from, handled) {
    await from.consume({
      ...AHEAD,
      callback: (message) => {
        void io().then(() => {
          const sum = sumOf(message);
          message.ack();
          handled(sum);
        });
      },
    });
  },
  async 'loop-io'(from, handled) {
    for await (const message of await from.consume(AHEAD)) {
      await io();
      const sum = sumOf(message);
      message.ack();
      handled(sum);
    }
  },
};

consumer(async (handled) => {
  const connection = await connect({ servers: url });
  const js = connection.jetstream();
  const durable = randomUUID();
  await (
    await connection.jetstreamManager()
  ).consumers.add('BENCH', {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    filter_subject: subject,
    max_ack_pending: 10_000,
  });
  await ways[variant]?.(await js.consumers.get('BENCH', durable), handled);
});
