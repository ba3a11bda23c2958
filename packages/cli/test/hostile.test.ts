import { useServer } from '#test/matrix';
import { connect, headers, type NatsConnection } from 'nats';
import { describeWithTerminal, inTerminal } from '#test/scaffold/terminal';
import { BIN, useNatsmith } from './command';

/** A title that a terminal would take over, a screen that it would clear, and what hides how a line reads. */
const TRAP = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202egnp\u200b\u2028end';
// eslint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u2028\u202e]/;
/** What the command itself may paint. */
// eslint-disable-next-line no-control-regex
const PAINT = /\u001b\[\d+m|\r(?=\n)/g;

/** One instance of which every field is somebody's trap. */
class Impostor {
  constructor(
    private readonly connection: NatsConnection,
    private readonly identity: Record<string, unknown>,
    private readonly endpoints: object[],
  ) {}

  listen(): void {
    for (const verb of ['PING', 'INFO', 'STATS'])
      for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${String(this.identity.name)}`])
        this.answer(subject, () => JSON.stringify(this.reply(verb)));
  }

  answer(subject: string, body: () => string, fields: Record<string, string> = {}): void {
    const lines = headers();
    for (const [name, value] of Object.entries(fields)) lines.set(name, value);
    this.connection.subscribe(subject, {
      callback: (_, message) => void message.respond(body(), { headers: lines }),
    });
  }

  private reply(verb: string): object {
    const type = `io.nats.micro.v1.${verb.toLowerCase()}_response`;
    return { type, ...this.identity, started: '2026-01-01T00:00:00Z', endpoints: this.endpoints };
  }
}

function endpoint(name: string, metadata: Record<string, string>, more: object = {}): object {
  const counters = { num_requests: 1, num_errors: 1, processing_time: 1, average_processing_time: 1 };
  return { name, subject: `trap.${name}`, queue_group: '', metadata, last_error: `500:${TRAP}`, ...counters, ...more };
}

const IDENTITY = { name: 'trap', id: 'TRAP00000000000000000A', version: '1.0.0', metadata: {} };

describe('given hostile services', () => {
  const server = useServer('broker');
  const natsmith = useNatsmith(server);
  let connection: NatsConnection;
  beforeEach(async () => {
    connection = await connect({ servers: server.url });
  });
  afterEach(() => connection.close());

  const impostor = async (identity: object, endpoints: object[], prepare?: (service: Impostor) => void) => {
    const service = new Impostor(connection, { ...IDENTITY, ...identity }, endpoints);
    service.listen();
    prepare?.(service);
    await connection.flush();
  };

  const CALLS = [
    ['ls'],
    ['info'],
    ['info', 'trap'],
    ['stats'],
    ['ping'],
    ['check', 'trap', '--timeout', '200ms'],
    ['call', 'trap', 'fail'],
    ['call', 'trap', 'text', '--json'],
    ['call', 'trap', 'text', '-v'],
    ['call', 'trap', 'strict', '{"x":1}'],
    ['call', 'trap', 'nothing'],
    ['gather', 'trap', 'fail', '--timeout', '500ms'],
    ['gather', 'trap', 'fail', '--json', '--timeout', '500ms'],
  ];

  const traps = (service: Impostor): void => {
    service.answer('trap.fail', () => JSON.stringify({ [TRAP]: TRAP }), {
      'Nats-Service-Error-Code': '500',
      'Nats-Service-Error': '\u001b]0;owned\u0007\u001b[2J',
    });
    service.answer('trap.text', () => JSON.stringify(TRAP), { Note: '\u001b[2J' });
    service.answer('$SRV.PING', () => JSON.stringify({ name: `broken${TRAP}` }));
    service.answer('$SRV.INFO', () => `{"name":"broken\\u001b[2J","id":"\\u009b2J"}`);
    service.answer('$SRV.STATS', () => TRAP);
  };
  const TRAPPED = [
    endpoint('fail', { note: TRAP }),
    endpoint('text', { response_schema: JSON.stringify({ type: TRAP }) }),
    endpoint('strict', {
      request_schema: JSON.stringify({ type: 'object', properties: { [TRAP]: { enum: [TRAP] } }, required: [TRAP] }),
    }),
    endpoint('odd', {}, { name: `odd${TRAP}`, subject: `odd.${TRAP}` }),
  ];

  it('no control character of theirs leaves the command', async () => {
    await impostor({ description: TRAP, metadata: { note: TRAP } }, TRAPPED, traps);
    for (const args of CALLS) {
      const { stdout, stderr } = await natsmith(args);
      // A body goes into a pipe as it came.
      const own = args.includes('text') && !args.includes('--json') ? '' : stdout;
      expect({ args, stdout: own, stderr }).toEqual({
        args,
        stdout: expect.not.stringMatching(OBEYED) as string,
        stderr: expect.not.stringMatching(OBEYED) as string,
      });
    }
  });

  describeWithTerminal('on a terminal', () => {
    it('none reaches it', async () => {
      await impostor({ description: TRAP, metadata: { note: TRAP } }, TRAPPED, traps);
      const env = { PATH: process.env.PATH, NATS_URL: server.url, XDG_CONFIG_HOME: '/nonexistent' };
      for (const args of CALLS.filter(([command]) => command !== 'check' && command !== 'gather')) {
        const { output } = await inTerminal([process.execPath, BIN, ...args], [], { cwd: '/', env });
        expect({ args, output: output.replace(PAINT, '') }).toEqual({
          args,
          output: expect.not.stringMatching(OBEYED) as string,
        });
      }
    });
  });

  it('completion offers no name that a shell would run', async () => {
    await impostor({ name: '$(touch${IFS}x)', id: '$(id)' }, [endpoint('`id`', {}), endpoint('add', {})]);
    const complete = async (line: string) =>
      (
        await natsmith(['completion-server', '--', ...line.split(' ')], {
          env: {
            SHELL: '/bin/bash',
            COMP_LINE: line,
            COMP_POINT: String(line.length),
            COMP_CWORD: String(line.split(' ').length - 1),
          },
        })
      ).stdout;
    expect(await complete('natsmith call ')).toBe('');
    expect(await complete('natsmith ping x ')).toBe('');
  });

  it.each([
    ['an enum of 600 kB', JSON.stringify({ enum: Array.from({ length: 40_000 }, (_, i) => `value-${i}-`) }), '"none"'],
    ['a pattern that never ends', '{"type":"string","pattern":"^(a+)+$"}', JSON.stringify(`${'a'.repeat(60)}!`)],
    ['deep nesting', `${'{"items":'.repeat(50_000)}{}${'}'.repeat(50_000)}`, '1'],
  ])('%s: every command ends, and prints little', async (_, schema, payload) => {
    await impostor({}, [endpoint('text', { request_schema: schema })], (service) =>
      service.answer('trap.text', () => '1'),
    );
    for (const args of [['ls'], ['info'], ['call', 'trap', 'text', payload]]) {
      const { stdout, stderr } = await natsmith(args);
      expect(stdout.length + stderr.length).toBeLessThan(20_000);
    }
  });

  it('a reply and an error that are nested very deeply are shown', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    await impostor({}, [endpoint('text', {}), endpoint('fail', {})], (service) => {
      service.answer('trap.text', () => deep);
      service.answer('trap.fail', () => deep, { 'Nats-Service-Error-Code': '409', 'Nats-Service-Error': 'no' });
    });
    expect((await natsmith(['call', 'trap', 'text'])).stdout.trim()).toBe(deep);
    expect(JSON.parse((await natsmith(['call', 'trap', 'text', '--json'])).stdout)).toMatchObject({ data: deep });
    const { stderr } = await natsmith(['call', 'trap', 'fail']);
    expect(stderr).toMatch(/409: no\n"\(nested too deeply to be shown\)"/);
  });

  it('a schema with $async is reported as not usable', async () => {
    await impostor({}, [endpoint('text', { request_schema: '{"$async":true,"type":"string"}' })], (service) =>
      service.answer('trap.text', () => '1'),
    );
    const { stdout, stderr } = await natsmith(['call', 'trap', 'text', '5']);
    expect(stdout).toBe('1\n');
    expect(stderr).toContain(
      'the payload is not checked: the schema of endpoint "text" cannot be used (it has the keyword',
    );
  });

  it('thousands of endpoints are cut, and the rest is counted', async () => {
    const endpoints = Array.from({ length: 5_000 }, (_, i) => endpoint(`e${i}`, {}, { last_error: '' }));
    await impostor({}, endpoints);
    const { code, stdout } = await natsmith(['info', 'trap']);
    expect(code).toBe(0);
    expect(stdout.split('\n').length).toBeLessThan(1_010);
    expect(stdout).toContain('and 4000 more; --json has them all');
  });
});
