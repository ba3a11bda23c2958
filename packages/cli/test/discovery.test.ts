import { runServices } from '#test/hosts';
import { useServer } from '#test/matrix';
import { type InfoResponse, type PingResponse, type StatsResponse } from '@natsmith/client';
import { useCommand, useNatsmith } from './command';
import { Cache, Calculator } from './services';

describe('the command', () => {
  const server = useServer('broker');
  const natsmith = useNatsmith(server);
  const start = useCommand();

  describe('given running services', () => {
    runServices(server, [Calculator, Cache]);
    runServices(server, [Cache]);

    it('ls lists each version of each name once, with the number of its instances', async () => {
      const { code, stdout, stderr } = await natsmith(['ls']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const lines = stdout.trimEnd().split('\n');
      expect(lines[0]).toMatch(/^service +version +instances +endpoints +description$/);
      expect(lines[1]).toMatch(/^cache +2\.1\.0 +2 {2}size flush$/);
      expect(lines[2]).toMatch(/^calculator +1\.0\.0 +1 {2}add divide/);
    });

    it('tables have whole lines, and no colours, where there is no terminal', async () => {
      const { stdout } = await natsmith(['ls']);
      expect(stdout).toMatch(
        /^calculator .* add divide count upTo recall never sum double ticks {2}Arithmetic over NATS$/m,
      );
      for (const command of ['ls', 'info', 'stats', 'ping']) {
        const { stdout } = await natsmith([command]);
        expect(stdout.split('\n').filter((line) => line.startsWith(' '))).toEqual([]);
        // eslint-disable-next-line no-control-regex
        expect(stdout).not.toMatch(/\u001b/);
      }
    });

    it('ls --json prints what the help says', async () => {
      const listed = JSON.parse((await natsmith(['ls', '--json'])).stdout) as Record<string, unknown>[];
      expect(listed).toEqual([
        {
          name: 'cache',
          version: '2.1.0',
          description: '',
          endpoints: ['size', 'flush'],
          instances: [expect.any(String), expect.any(String)],
        },
        expect.objectContaining({ name: 'calculator', description: 'Arithmetic over NATS' }),
      ]);
    });

    it('info shows subjects, queue groups and what endpoints take and give', async () => {
      const { stdout } = await natsmith(['info', 'calculator']);
      expect(stdout).toMatch(/^calculator 1\.0\.0 {2}[A-Z0-9]{22}\nArithmetic over NATS\n\nendpoint +subject/);
      expect(stdout).toMatch(/add +math\.add +q +\{ a: number/);
      expect(stdout).toContain('math.memor');
    });

    it('info shows the lack of a queue group', async () => {
      expect((await natsmith(['info', 'cache'])).stdout).toMatch(/size +size +none/);
    });

    it('info, stats and ping --json print the replies of the protocol', async () => {
      const read = async <T>(command: string) =>
        JSON.parse((await natsmith([command, 'calculator', '--json'])).stdout) as T;
      const [info] = await read<InfoResponse[]>('info');
      expect(info).toMatchObject({
        type: 'io.nats.micro.v1.info_response',
        name: 'calculator',
        rtt: expect.any(Number) as number,
      });
      const [stats] = await read<StatsResponse[]>('stats');
      expect(stats).toMatchObject({ type: 'io.nats.micro.v1.stats_response', id: info?.id });
      const pings = await read<PingResponse[]>('ping');
      expect(pings).toMatchObject([{ type: 'io.nats.micro.v1.ping_response', id: info?.id }]);
    });

    it('stats counts requests and errors', async () => {
      await natsmith(['call', 'calculator', 'divide', '{"a":1,"b":0}']);
      const { stdout } = await natsmith(['stats', 'calculator']);
      expect(stdout).toMatch(/calculator +divide +1 +1 +\d.* 400:division by zero/);
    });

    it('stats --watch --json prints a line for each look, and Ctrl-C ends it with 0', async () => {
      const args = ['stats', 'cache', '--watch', '--interval', '20ms', '--json'];
      const watching = start(args, { env: { NATS_URL: server.url } });
      await watching.wrote(/^\[.*\]$/gm, { times: 2 });
      watching.process.kill('SIGINT');
      const { code, stdout } = await watching.outcome;
      expect(code).toBe(0);
      expect(JSON.parse(stdout.split('\n')[0] ?? '')).toHaveLength(2);
    });

    it('one id selects one instance', async () => {
      const all = JSON.parse((await natsmith(['ping', 'cache', '--json'])).stdout) as PingResponse[];
      const one = await natsmith(['ping', 'cache', all[1]?.id ?? '', '--json']);
      expect(JSON.parse(one.stdout)).toMatchObject([{ id: all[1]?.id }]);
    });

    it('an unknown service is exit code 3, and the names that there are', async () => {
      for (const command of ['info', 'stats', 'ping', 'check'])
        expect(await natsmith([command, 'calculatr'])).toEqual({
          code: 3,
          stdout: '',
          stderr: 'natsmith: service "calculatr" does not answer; running: cache, calculator\n',
        });
    });

    it('an unknown id is exit code 3, and the ids that there are', async () => {
      const { code, stderr } = await natsmith(['stats', 'calculator', 'X']);
      expect(code).toBe(3);
      expect(stderr).toMatch(/no instance of service "calculator" has the id X; running: [A-Z0-9]{22}/);
    });
  });

  describe('given no services', () => {
    it('ls is exit code 3', async () => {
      const { code, stdout, stderr } = await natsmith(['ls']);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toContain('no service is running on 127.0.0.1:');
    });

    it('ls --json prints an empty array all the same', async () => {
      expect(await natsmith(['ls', '--json'])).toMatchObject({ code: 3, stdout: '[]\n' });
    });
  });
});
