import { connect, headers, JSONCodec, type Msg, type NatsConnection } from 'nats';
import { io, ready, subject, url, variant, type Two } from './process';

const codec = JSONCodec<unknown>();

const handlers: Record<string, (message: Msg) => void> = {
  plain(message) {
    const { a, b } = JSON.parse(message.string()) as Two;
    message.respond(codec.encode(a + b));
  },
  buffer(message) {
    const { a, b } = JSON.parse(
      Buffer.from(message.data.buffer, message.data.byteOffset, message.data.length).toString(),
    ) as Two;
    message.respond(Buffer.from(JSON.stringify(a + b)));
  },
  bytes(message) {
    message.respond(message.data);
  },
  /** A publish loop; the empty message at its end is what a stock client waits for. */
  stream(message) {
    const { n } = JSON.parse(message.string()) as { n: number };
    for (let i = 0; i < n; i++) message.respond(codec.encode({ n: i }));
    message.respond();
  },
  async async(message) {
    const { a, b } = JSON.parse(message.string()) as Two;
    message.respond(codec.encode(await Promise.resolve(a + b)));
  },
  async io(message) {
    const { a, b } = JSON.parse(message.string()) as Two;
    await io();
    message.respond(codec.encode(a + b));
  },
  'header-in'(message) {
    const { a, b } = JSON.parse(message.string()) as Two;
    if (message.headers?.get('X-Tenant') !== 'acme') throw new Error('no tenant');
    message.respond(codec.encode(a + b));
  },
  'header-out'(message) {
    const { a, b } = JSON.parse(message.string()) as Two;
    const out = headers();
    out.set('X-Tenant', 'acme');
    message.respond(codec.encode(a + b), { headers: out });
  },
};

async function main(): Promise<void> {
  const connection: NatsConnection = await connect({ servers: url });
  const handler = handlers[variant] ?? (await validated());
  connection.subscribe(subject, { queue: 'q', callback: (_error, message) => handler(message) });
  await connection.flush();
  ready();
}

/** As one writes it by hand with class-validator, which is loaded for these variants alone. */
async function validated(): Promise<(message: Msg) => void> {
  const handle = (await import('./validated-by-hand.js')).handlers[variant];
  if (handle === undefined) throw new Error(`no variant ${variant}`);
  return (message) => message.respond(codec.encode(handle(JSON.parse(message.string()))));
}

void main();
