import { findNatsServer, startServer } from '@natsmith/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const MAIN = join(__dirname, '../dist/main.js');

/** The example in a process of its own, and what it writes. */
class Example {
  output = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown[]>;

  constructor(args: string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, NATS_URL: '', ...env } });
    this.ended = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  /** Resolves to the exit code. */
  async end(signal?: NodeJS.Signals): Promise<unknown> {
    if (signal !== undefined) this.child.kill(signal);
    return (await this.ended)[0];
  }

  async writes(words: string): Promise<void> {
    while (!this.output.includes(words)) await once(this.child.stdout!, 'data');
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

describe('npm start', () => {
  let example: Example | undefined;
  const start = (args: string[], env: NodeJS.ProcessEnv = {}): Example => (example = new Example(args, env));

  beforeAll(() => {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is not built: run "npx tsc -b examples/01-calculator"`);
  });
  afterEach(() => example?.kill());

  it('given --once and no NATS_URL, starts a broker, makes its calls, and ends with 0', async () => {
    const { output, code } = await finished(start(['--once']));
    expect(code).toBe(0);
    expect(output).toContain('A broker runs in this process, on nats://127.0.0.1:');
    expect(output).toContain('error 400 division by zero');
    expect(output).toContain('error 400 validation failed');
    expect(output).toContain('$SRV.STATS.calculator.');
    expect(output).not.toContain('{"level"');
  });

  it('writes lines that fit into 80 columns, without colour where nobody sees it', async () => {
    const { output } = await finished(start(['--once']));
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    // eslint-disable-next-line no-control-regex
    expect(output).not.toMatch(/\u001b/);
  });

  it.each(['broker', ...(findNatsServer() === undefined ? [] : ['nats-server' as const])] as const)(
    'given a NATS_URL, uses the %s there',
    async (kind) => {
      await using server = await startServer(kind);
      const { output, code } = await finished(start(['--once'], { NATS_URL: server.url }));
      expect(code).toBe(0);
      expect(output).toContain('Connecting to the NATS server that NATS_URL names');
      expect(output).not.toContain('broker');
    },
  );

  it('without --once, says what to try next, stays, and ends with 0 on Ctrl-C', async () => {
    const example = start([]);
    await example.writes('Ctrl-C stops it.');
    expect(example.output).toMatch(/npx natsmith -s nats:\/\/127\.0\.0\.1:\d+ call calculator add '\{"a":1,"b":2\}'/);
    expect(example.output).toMatch(/nats -s nats:\/\/127\.0\.0\.1:\d+ req math\.add '\{"a":1,"b":2\}'/);
    expect(await example.end('SIGINT')).toBe(0);
    expect(example.output).toContain('Stopped.');
  });

  it.each([
    ['a NATS_URL where nothing listens', [], { NATS_URL: 'nats://127.0.0.1:1' }, 'no connection to NATS at nats://127'],
    ['an option that it does not know', ['--twice'], {}, "Unknown option '--twice'"],
  ])('given %s, says so in one line and ends with 1', async (_, args, env, words) => {
    const { output, code } = await finished(start(args, env));
    expect(code).toBe(1);
    expect(output).toContain(words);
    expect(output).not.toMatch(/^\s+at /m);
  });
});

async function finished(example: Example): Promise<{ code: unknown; output: string }> {
  const code = await example.end();
  return { code, output: example.output };
}
