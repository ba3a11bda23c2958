import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect, headers, type NatsConnection } from 'nats';
import type { Program } from '../endurance/program';

const BIN = join(__dirname, '../../../packages/cli/dist/bin.js');
/** Milliseconds; the aim, and how long is waited at most. */
const [LIMIT, PATIENCE] = [5_000, 30_000];
const TRAP = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u200b\u2028\r\nx';
// eslint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u2028\u202e]/;

type Fields = Record<string, unknown>;

const counters = { num_requests: 1, num_errors: 1, processing_time: 1, average_processing_time: 1 };
const endpoint = (name: string, metadata: Fields = {}, more: Fields = {}): Fields => ({
  ...{ name, subject: `trap.${name}`, queue_group: 'q', metadata, last_error: '', ...counters, ...more },
});
const schema = (request_schema: string): Fields[] => [endpoint('text', { request_schema })];

/** What a service may answer discovery with. */
const services: Record<string, { identity?: Fields; endpoints: () => Fields[] }> = {
  'an enum of 600 kB': {
    endpoints: () => schema(JSON.stringify({ enum: Array.from({ length: 40_000 }, (_, i) => `value-${i}-`) })),
  },
  'the pattern ^(a+)+$': { endpoints: () => schema('{"type":"string","pattern":"^(a+)+$"}') },
  'a schema 50,000 deep': { endpoints: () => schema(`${'{"items":'.repeat(50_000)}{}${'}'.repeat(50_000)}`) },
  'a schema that refers to itself': { endpoints: () => schema('{"$ref":"#"}') },
  'as many endpoints as a message holds': {
    endpoints: () => Array.from({ length: 5_000 }, (_, i) => endpoint(`e${i}`)),
  },
  'control bytes everywhere': {
    identity: { description: TRAP, metadata: { [TRAP]: TRAP } },
    endpoints: () => [
      endpoint('text', { note: TRAP, [TRAP]: TRAP }, { last_error: TRAP, data: TRAP }),
      endpoint(TRAP, {}, { subject: `odd.${TRAP}`, queue_group: TRAP }),
    ],
  },
  'STATS of 900 kB': {
    endpoints: () => [endpoint('text', {}, { data: 'x'.repeat(800_000), last_error: 'y'.repeat(100_000) })],
  },
  'a name that a shell would run': { identity: { name: '$(touch${IFS}x)' }, endpoints: () => [endpoint('`id`')] },
};

const COMMANDS: readonly (readonly string[])[] = [
  ...[['ls'], ['info'], ['info', 'trap'], ['stats'], ['stats', 'trap'], ['check', 'trap', '--timeout', '200ms']],
  ['call', 'trap', 'text', `"${'a'.repeat(60)}!"`],
  ['gather', 'trap', 'text', '--timeout', '500ms'],
  ['completion-server', '--', 'natsmith', 'call', ''],
];

/** The natsmith command against services that mean no good: it ends in time, and nothing of theirs rules a terminal. */
export const command: Program = async (server, { requests, tell }) => {
  const misses: string[] = [];
  let slowest = 0;
  let runs = 0;
  let obeyed = 0;
  for (const [what, { identity = {}, endpoints }] of Object.entries(services)) {
    const connection = await connect({ servers: server.url });
    pretend(
      connection,
      { name: 'trap', id: 'TRAP00000000000000000A', version: '1.0.0', metadata: {}, ...identity },
      endpoints(),
    );
    await connection.flush();
    for (const args of requests === undefined ? COMMANDS : COMMANDS.filter((_, i) => i % 2 === 0 || i > 5)) {
      const { output, ms } = await run(args, server.url);
      runs++;
      slowest = Math.max(slowest, ms);
      if (ms > LIMIT) misses.push(`${what}: natsmith ${args.join(' ')} took ${ms.toFixed(0)} ms`);
      if (!OBEYED.test(output)) continue;
      obeyed++;
      misses.push(`${what}: natsmith ${args.join(' ')} writes ${JSON.stringify(OBEYED.exec(output)?.[0])}`);
    }
    await connection.close();
    tell(`command: ${what}: ${runs} runs, the slowest ${slowest.toFixed(0)} ms`);
  }
  return {
    figures: {
      'commands run': runs,
      'the slowest, ms (aim 5,000)': Math.round(slowest),
      'that wrote a control byte (aim 0)': obeyed,
    },
    misses,
  };
};

function pretend(connection: NatsConnection, identity: Fields, endpoints: Fields[]): void {
  for (const verb of ['PING', 'INFO', 'STATS']) {
    const type = `io.nats.micro.v1.${verb.toLowerCase()}_response`;
    const body = JSON.stringify({ type, ...identity, started: '2026-01-01T00:00:00Z', endpoints });
    for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.trap`, `$SRV.${verb}.trap.*`])
      connection.subscribe(subject, { callback: (_, message) => void message.respond(body) });
  }
  const lines = headers();
  lines.set('Nats-Service-Error-Code', '500');
  lines.set('Nats-Service-Error', '\u001b]0;owned\u0007\u001b[2J');
  connection.subscribe('trap.>', {
    callback: (_, message) => void message.respond(JSON.stringify({ [TRAP]: TRAP }), { headers: lines }),
  });
}

async function run(args: readonly string[], url: string): Promise<{ output: string; ms: number }> {
  const env = {
    ...{ PATH: process.env.PATH, NATS_URL: url, XDG_CONFIG_HOME: '/nonexistent', SHELL: '/bin/bash' },
    ...{ COMP_LINE: 'natsmith call ', COMP_POINT: '14', COMP_CWORD: '2' },
  };
  const started = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const forced = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  let output = '';
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(child, 'close');
  clearTimeout(forced);
  return { output, ms: performance.now() - started };
}
