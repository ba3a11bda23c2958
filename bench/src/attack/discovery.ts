import { connect as connect3 } from '@nats-io/transport-node';
import { ServiceClient } from '@natsmith/client';
import type { TestServer } from '@natsmith/testing';
import { connect as connect2, type Msg, type NatsConnection } from 'nats';
import type { Extent, Program, Verdict } from '../endurance/program';
import { Random } from '../endurance/random';

const REPLIES = 100_000;
/** Replies to one question, each of an instance of its own. */
const AT_ONCE = 1_000;
const VICTIM = 'victim';

const HOSTILE: readonly unknown[] = [
  `x\r\nPUB ${VICTIM} 1\r\n\r\nx`,
  `x\nPUB ${VICTIM} 1\r\n\r\n`,
  `x\rPUB ${VICTIM} 1\r\n\r\n`,
  `${VICTIM} 0\r\n\r\n`,
  '\0\r\nSUB > 9\r\n',
  // Cut to their low bytes these are line breaks.
  `x\u010d\u010aPUB ${VICTIM} 1\u010d\u010a\u010d\u010a`,
  ...['', ' ', '>', '*', '.', 'a..b', '{a}', '\u001b[2J', '\u009b2J', '\u2028', 'x'.repeat(5_000)],
  ...[0, -1, 1e308, true, null, [], {}, [[]], { toString: 1 }],
];
const FIELDS = ['name', 'id', 'version', 'metadata', 'description', 'type', 'started', 'endpoints'];
const ENDPOINT_FIELDS = ['name', 'subject', 'queue_group', 'metadata', 'num_requests', 'last_error', 'data'];
const METADATA_FIELDS = ['method', 'subject_template', 'stream', 'idempotent', 'request_schema'];

/** Of these values some are subjects, and a service may say that it is there. */
const OFFERED = new Set(HOSTILE.filter((value) => typeof value !== 'object').map(String));

type Fields = Record<string, unknown>;

/** Services whose discovery replies carry commands for the connection of whoever reads and uses them. */
export const discovery: Program = async (server, extent) => {
  const figures: Record<string, number | string> = {};
  const misses: string[] = [];
  for (const [library, connect] of [
    ['nats 2', connect2],
    ['nats.js 3', connect3 as unknown as typeof connect2],
  ] as const) {
    const verdict = await attack(server, extent, library, connect);
    Object.assign(figures, verdict.figures);
    misses.push(...verdict.misses);
  }
  return { figures, misses };
};

async function attack(
  server: TestServer,
  { requests = REPLIES, seed, tell }: Extent,
  library: string,
  connect: typeof connect2,
): Promise<Verdict> {
  const [evil, witness, attacked] = await Promise.all([1, 2, 3].map(() => connect({ servers: server.url })));
  if (evil === undefined || witness === undefined || attacked === undefined) throw new Error('no connection');
  const outcome = { injected: 0, sent: 0, disconnects: 0, read: 0, calls: 0, changes: 0 };
  const random = new Random(seed);
  let isAnswering = true;
  witness.subscribe('>', {
    callback: (_error, { subject }) => {
      if (/^(_INBOX\.|\$SRV\.(PING|INFO|STATS)(\.|$)|evil\.)/.test(subject) || OFFERED.has(subject)) return;
      outcome.injected++;
    },
  });
  const answer = (_error: unknown, message: Msg): void => {
    if (!isAnswering || message.subject.split('.').length > 3) return;
    for (let i = 0; i < AT_ONCE; i++) message.respond(mutated(random, i));
    outcome.sent += AT_ONCE;
  };
  evil.subscribe('$SRV.>', { callback: answer });
  void countDisconnects(attacked, () => outcome.disconnects++);
  await Promise.all([evil.flush(), witness.flush()]);

  const client = new ServiceClient(attacked, { timeout: 200, discovery: { stall: 60, timeout: 4_000 } });
  while (outcome.sent < requests) {
    isAnswering = true;
    for (const ask of [() => client.ping(), () => client.info('evil'), () => client.stats()])
      outcome.read += (await ask()).length;
    // Every endpoint that is offered is called, wherever it is said to be.
    const service = await new ServiceClient(attacked, { timeout: 200, discovery: { stall: 60 } })
      .service('evil')
      .catch(() => undefined);
    isAnswering = false;
    const calls = Object.values(service ?? {}) as ((payload: unknown) => Promise<unknown>)[];
    await Promise.allSettled(calls.map((call) => call(undefined)));
    outcome.calls += calls.length;
    isAnswering = true;
    // Who does not answer any more is asked by name and id.
    for await (const { type } of client.watch({ interval: 20, signal: AbortSignal.timeout(3_000) })) {
      outcome.changes++;
      isAnswering = false;
      if (type === 'left') break;
    }
    tell(`${library}: ${outcome.sent} replies, ${outcome.injected} messages injected`);
  }
  await client.close();
  await attacked.flush();
  await witness.flush();
  await Promise.all([evil, witness, attacked].map((connection) => connection.close()));
  return verdictOf(library, outcome);
}

function verdictOf(
  library: string,
  { injected, sent, disconnects, read, calls, changes }: Record<string, number>,
): Verdict {
  const misses = [
    ...(injected ? [`${library}: ${injected} messages were injected`] : []),
    ...(disconnects ? [`${library}: the server closed the connection ${disconnects} times`] : []),
    ...(calls && changes && read ? [] : [`${library}: no reply was used, so nothing was tried`]),
  ];
  return {
    figures: {
      [`${library}: mutated discovery replies`]: sent ?? 0,
      [`${library}: of these usable`]: read ?? 0,
      [`${library}: calls of endpoints that they offer`]: calls ?? 0,
      [`${library}: messages injected (aim 0)`]: injected ?? 0,
      [`${library}: connections closed by the server (aim 0)`]: disconnects ?? 0,
    },
    misses,
  };
}

function mutated(random: Random, i: number): string {
  const metadata: Fields = { method: `m${i}`, subject_template: `evil.m${i}` };
  const endpoint: Fields = {
    ...{ name: `e${i}`, subject: `evil.m${i}`, queue_group: 'q', metadata },
    ...{ num_requests: 0, num_errors: 0, processing_time: 0, average_processing_time: 0, last_error: '' },
  };
  const reply: Fields = {
    ...{ name: 'evil', id: `I${i}`, version: '1.0.0', metadata: {}, description: '', started: 'x' },
    endpoints: [endpoint],
  };
  for (let count = 1 + random.below(2); count > 0; count--) {
    const [object, fields] = random.pick<[Fields, readonly string[]]>([
      [reply, FIELDS],
      [endpoint, ENDPOINT_FIELDS],
      [metadata, METADATA_FIELDS],
    ]);
    object[random.pick(fields)] = random.pick(HOSTILE);
  }
  const json = JSON.stringify(reply);
  // Now and then the bytes themselves are broken.
  if (!random.chance(0.05)) return json;
  const at = random.below(json.length);
  return json.slice(0, at) + random.pick(['\r\n', '\0', '"', '}', `\r\nPUB ${VICTIM} 1\r\n\r\n`]) + json.slice(at + 1);
}

async function countDisconnects(connection: NatsConnection, count: () => void): Promise<void> {
  for await (const { type } of connection.status()) if (String(type) === 'disconnect') count();
}
