import { connect as connect3 } from '@nats-io/transport-node';
import { ServiceClient } from '@natsmith/client';
import type { TestServer } from '@natsmith/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connect2 } from 'nats';
import { RawConnection, type RawMessage } from '../endurance/connection';
import type { Extent, Program, Verdict } from '../endurance/program';
import { Random } from '../endurance/random';
import { growth, growthMiss, megabytes } from '../endurance/trend';

const REPLIES = 100_000;
/** Calls of each kind at the same time. */
const AT_ONCE = 40;
const TIMEOUT = 60;
/** Milliseconds after which a call that has not settled never will. */
const PATIENCE = 10_000;
const SAMPLES = 30;

const NAMES = ['Natsmith-Seq', 'Natsmith-Heartbeat', 'Natsmith-Size', 'Natsmith-Credit', 'Nats-Service-Error-Code'];
const NUMBERS = ['0', '1', '1', '2', '2', '3', '-1', '1.5', 'x', '9'.repeat(400), '67108864', '67108865'];
const LINES = [
  ...['a b: c', 'ä: c', ': c', 'a', 'a: b\rc', 'a: b\nc', 'a: b\0c', '__proto__: c', `a: ${'x'.repeat(5000)}`],
  ...['Nats-Service-Error: x\u001b[2J', 'Nats-Service-Error:', 'NATS/1.0 503'],
];
const BODIES = ['', '', '', '1', '"a"', 'no json', 'credit 5', 'credit 999999999999999', 'cancel', 'x'.repeat(3000)];
/** Where nothing may go, whatever a reply says. */
const FOREIGN = ['victim.a', '$JS.API.STREAM.PURGE.X', '$SYS.REQ.SERVER.PING', '_INBOX', '_INBOX.>', '_INBOX.*.a'];
const SUBJECTS = ['', '', '_INBOX.evil.a', '_INBOX.evil.a', '_INBOX.evil.b', ...FOREIGN];

/** A service of which no reply is as it should be: calls settle, and nothing goes where it should not. */
export const replies: Program = async (server, extent) => {
  const two = await attack(server, extent, 'nats 2', connect2);
  const three = await attack(server, extent, 'nats.js 3', connect3 as unknown as typeof connect2);
  return { figures: { ...two.figures, ...three.figures }, misses: [...two.misses, ...three.misses] };
};

async function attack(
  server: TestServer,
  { requests = REPLIES, seed, tell }: Extent,
  library: string,
  connect: typeof connect2,
): Promise<Verdict> {
  const random = new Random(seed);
  const evil = await RawConnection.open(server.port, 'evil');
  const witness = await RawConnection.open(server.port, '>', '$JS.>', '$SYS.>');
  const connection = await connect({ servers: server.url, maxReconnectAttempts: 0 });
  const client = new ServiceClient(connection, { timeout: TIMEOUT });
  let sent = 0;
  let injected = 0;
  witness.onMessage = ({ subject, body }) => {
    // "_INBOX.evil" is where the service itself asks for credit, and what others answer there.
    if (subject !== 'evil' && !/^_INBOX\.[^.*>]+(\.[^.*>]+)*$/.test(subject)) injected++;
    if (body.includes('PUB ')) injected++;
  };
  let cut: Error | undefined;
  evil.onClose = (error) => (cut = error);
  evil.onMessage = (request) => {
    for (const to of [request.reply, uploadOf(request)])
      for (let count = to === undefined ? 0 : 1 + random.below(5); count > 0; count--, sent++)
        evil.publish(to ?? '', random.pick(SUBJECTS.slice(0, 5)), ...message(random));
    // What no server lets through as a reply subject goes by way of headers only.
    const [headers, body] = message(random);
    evil.publish(request.reply, random.pick(FOREIGN.slice(0, 4)), headers, body);
    sent++;
  };
  const heap: number[] = [];
  let settled = 0;
  let stuck = 0;
  const kinds: (() => Promise<unknown>)[] = [
    () => client.call('evil', 1),
    () => client.call('evil', items()),
    () => collect(client.stream('evil', 1, { timeout: TIMEOUT })),
    () => collect(client.stream('evil', items(), { timeout: TIMEOUT, credit: 2 })),
    () => Promise.resolve(client.gather('evil', 1, { timeout: TIMEOUT, stall: 20 })),
  ];
  try {
    while (sent < requests) {
      if (cut !== undefined) throw cut;
      const calls = kinds.flatMap((kind) => Array.from({ length: AT_ONCE }, () => inTime(kind())));
      const outcomes = await Promise.all(calls);
      settled += outcomes.filter(Boolean).length;
      stuck += outcomes.filter((isSettled) => !isSettled).length;
      if (sent >= (heap.length * requests) / SAMPLES) {
        global.gc?.();
        global.gc?.();
        heap.push(process.memoryUsage().heapUsed);
        tell(`${library}: ${sent} replies, ${settled} calls settled, ${injected} messages injected`);
      }
    }
    const isAlive = !connection.isClosed();
    return {
      figures: {
        [`${library}: mutated replies`]: sent,
        [`${library}: calls, streams, uploads and gathers that settled`]: settled,
        [`${library}: that never did (aim 0)`]: stuck,
        [`${library}: messages injected (aim 0)`]: injected,
        [`${library}: heap at the end, MB`]: megabytes(heap.at(-1)),
        [`${library}: heap, last third to the second`]: growth(heap).toFixed(3),
      },
      misses: [
        ...(stuck > 0 ? [`${library}: ${stuck} calls never settled`] : []),
        ...(injected > 0 ? [`${library}: ${injected} messages were injected`] : []),
        ...(isAlive ? [] : [`${library}: the connection is closed`]),
        ...(requests >= REPLIES ? growthMiss(`${library}: heap`, heap, 1.1) : []),
      ],
    };
  } finally {
    await client.close();
    await connection.close();
    evil.close();
    witness.close();
  }
}

function message(random: Random): [headers: Buffer, body: Buffer] {
  const body = Buffer.from(random.pick(BODIES));
  if (random.chance(0.2)) return [Buffer.alloc(0), body];
  const lines = Array.from({ length: random.below(4) }, () =>
    random.chance(0.7) ? `${random.pick(NAMES)}: ${random.pick(NUMBERS)}` : random.pick(LINES),
  );
  return [Buffer.from(['NATS/1.0', ...lines, '', ''].join('\r\n')), body];
}

function uploadOf({ headers }: RawMessage): string | undefined {
  return /^Natsmith-Upload: (\S+)/m.exec(headers)?.[1];
}

async function* items(): AsyncGenerator<number> {
  for (let n = 1; n <= 20; n++) yield n;
}

async function collect(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count++;
  return count;
}

async function inTime(call: Promise<unknown>): Promise<boolean> {
  const end = new AbortController();
  const settled = call.then(
    () => true,
    () => true,
  );
  const late = delay(PATIENCE, false, { signal: end.signal }).catch(() => false);
  const isSettled = await Promise.race([settled, late]);
  end.abort();
  return isSettled;
}
