import { NatsServiceFactory, type NatsServiceHost } from '@natsmith/core';
import { onEachServer } from '#test/matrix';
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { type NatsConnection } from 'nats';
import { Calculator } from '../../examples/01-calculator/src/calculator.service';
import { languages, startAdder } from './languages';
import { describeWithTool, findTool } from './tools';

const run = promisify(execFile);
const BUILD_TIMEOUT = 180_000;

interface Described {
  name: string;
  id: string;
  version: string;
  type: string;
}

/** What the callers in Go and Python print. */
interface Report {
  pings: Described[];
  infos: (Described & { description: string; endpoints: { name: string; subject: string; queue_group: string }[] })[];
  stats: (Described & {
    endpoints: { name: string; num_requests: number; num_errors: number; last_error: string }[];
  })[];
  replies: { code: string; description: string; body: string }[];
}

const cli = findTool('nats', 'NATS_CLI');
onEachServer((server) => {
  let host: NatsServiceHost<NatsConnection>;
  let id: string;
  beforeAll(async () => {
    const connection = { servers: server.url };
    host = await NatsServiceFactory.create<NatsConnection>(Calculator, { connection, signals: false, logger: false });
    id = host.services[0]!.id;
  });
  afterAll(() => host.stop());
  beforeEach(() => host.services[0]!.reset());

  describeWithTool(cli, 'the nats command', 'no nats command found: name it in NATS_CLI', () => {
    const nats = async (...args: string[]) => run(cli!, ['--no-context', '-s', server.url, '--timeout', '1s', ...args]);
    const natsJson = async (...args: string[]) => JSON.parse((await nats(...args, '--json')).stdout) as unknown;
    const endpoints = [
      { name: 'add', subject: 'math.add', queue_group: 'q' },
      { name: 'divide', subject: 'math.divide', queue_group: 'q' },
    ];

    it('lists the service', async () => {
      expect(await natsJson('micro', 'ls')).toMatchObject([
        { name: 'calculator', id, version: '1.0.0', description: 'Arithmetic over NATS', endpoints },
      ]);
      expect((await nats('micro', 'ls')).stdout).toMatch(/calculator .* 1\.0\.0 .* Arithmetic over NATS/);
    });

    it('shows its endpoints', async () => {
      expect(await natsJson('micro', 'info', 'calculator')).toMatchObject({
        info: { name: 'calculator', id, endpoints },
        stats: { name: 'calculator', id, endpoints },
      });
      expect((await nats('micro', 'info', 'calculator', id)).stdout).toMatch(/Subject: math\.add\s+Queue Group: q/);
    });

    it('pings it', async () => {
      expect((await nats('micro', 'ping', 'calculator')).stdout).toMatch(new RegExp(`^calculator ${id} +rtt=`));
    });

    it('gets replies, and the error in two headers with its data as body', async () => {
      expect((await nats('request', 'math.add', '{"a":1,"b":2}', '--raw')).stdout.trim()).toBe('3');
      const { stdout, stderr } = await nats('request', 'math.divide', '{"a":1,"b":0}');
      expect(stderr).toContain('Nats-Service-Error-Code: 400');
      expect(stderr).toContain('Nats-Service-Error: division by zero');
      expect(JSON.parse(stdout)).toEqual({ a: 1 });
    });

    it('counts the requests and their errors', async () => {
      await nats('request', 'math.divide', '{"a":1,"b":2}');
      await nats('request', 'math.divide', '{"a":1,"b":0}');
      const divide = { name: 'divide', num_requests: 2, num_errors: 1, last_error: '400:division by zero' };
      expect(await natsJson('micro', 'stats', 'calculator')).toMatchObject([
        { name: 'calculator', id, endpoints: [{ name: 'add', num_requests: 0 }, divide] },
      ]);
      expect((await nats('micro', 'stats', 'calculator')).stdout).toMatch(/divide +│ 2 +│ q +│ 1 /);
    });
  });

  for (const { name, tool, missing, build } of languages) {
    describeWithTool(tool, name, missing, () => {
      let programs: Awaited<ReturnType<typeof build>>;
      beforeAll(async () => {
        programs = await build(tool!);
      }, BUILD_TIMEOUT);

      const call = async (...calls: string[]): Promise<Report> => {
        const [program, ...args] = programs.caller;
        return JSON.parse((await run(program!, [...args, server.url, ...calls])).stdout) as Report;
      };

      it('finds the service and reads its replies, errors and statistics', async () => {
        const report = await call('math.add', '{"a":1,"b":2}', 'math.divide', '{"a":1,"b":0}', 'math.add', '{"a":"1"}');
        expect(report.replies).toEqual([
          { code: '', description: '', body: '3' },
          { code: '400', description: 'division by zero', body: '{"a":1}' },
          { code: '400', description: 'validation failed', body: expect.stringContaining('"path":"a"') as string },
        ]);
        expect(report.pings).toMatchObject([{ name: 'calculator', id, version: '1.0.0' }]);
        expect(report.infos).toMatchObject([
          { id, description: 'Arithmetic over NATS', endpoints: [{ subject: 'math.add' }, { subject: 'math.divide' }] },
        ]);
        expect(report.stats[0]?.endpoints).toMatchObject([
          { name: 'add', num_requests: 2, num_errors: 1, last_error: '400:validation failed' },
          { name: 'divide', num_requests: 1, num_errors: 1, last_error: '400:division by zero' },
        ]);
      });

      describe('with a service of its own', () => {
        let adder: ChildProcess;
        beforeAll(async () => {
          adder = await startAdder(programs.adder, server);
        });
        afterAll(async () => {
          adder.stdin!.end();
          if (adder.exitCode === null) await once(adder, 'exit');
        });

        it('is listed beside ours everywhere', async () => {
          const report = await call();
          for (const answers of [report.pings, report.infos, report.stats]) {
            expect(answers.map((answer) => answer.name).sort()).toEqual(['calculator', `${name}-adder`]);
            expect(new Set(answers.map((answer) => answer.type)).size).toBe(1);
          }
        });

        it('answers us as ours answers them', async () => {
          const request = host.connection.request.bind(host.connection);
          expect((await request(`${name}.add`, '{"a":1,"b":2}')).json()).toBe(3);
          const theirs = await request(`${name}.add`, '{}');
          expect(theirs.headers?.get('Nats-Service-Error-Code')).toBe('400');
          expect(theirs.headers?.get('Nats-Service-Error')).toBe('two numbers are needed');
          expect(theirs.json()).toEqual({ needed: ['a', 'b'] });
        });
      });
    });
  }
});
