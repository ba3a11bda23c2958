import { runServices } from '#test/hosts';
import { useServer } from '#test/matrix';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from 'nats';
import { useCommand, useNatsmith } from './command';
import { Cache, Calculator } from './services';

describe('the command', () => {
  const server = useServer('broker');
  const natsmith = useNatsmith(server);
  const start = useCommand();
  runServices(server, [Calculator, Cache]);
  runServices(server, [Cache]);

  describe('a call', () => {
    it('prints the reply', async () => {
      const outcome = await natsmith(['call', 'calculator', 'add', '{"a":1,"b":2}']);
      expect(outcome).toEqual({ code: 0, stdout: '3\n', stderr: '' });
    });

    it('finds the endpoint by its subject, too', async () => {
      expect((await natsmith(['call', 'calculator', 'math.add', '{"a":1,"b":2}'])).stdout).toBe('3\n');
    });

    it('reads the payload from stdin', async () => {
      const outcome = await natsmith(['call', 'calculator', 'add', '-'], { stdin: '{"a":4,"b":5}' });
      expect(outcome.stdout).toBe('9\n');
    });

    it('reads the payload from a file', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'natsmith-cli-'));
      writeFileSync(join(folder, 'sum.json'), '{"a":6,"b":7}');
      const outcome = await natsmith(['call', 'calculator', 'add', '@sum.json'], { cwd: folder });
      rmSync(folder, { recursive: true });
      expect(outcome.stdout).toBe('13\n');
    });

    it('sends headers, and shows those of the reply with -v', async () => {
      const { stdout } = await natsmith(['call', 'calculator', 'add', '{"a":1,"b":2}', '-H', 'trace: abc', '-v']);
      expect(stdout).toBe('math.add\nTrace: abc\n\n3\n');
    });

    it('fills named tokens in', async () => {
      const { stdout } = await natsmith(['call', 'calculator', 'recall', '--param', 'slot=9']);
      expect(stdout).toBe('"slot 9"\n');
    });

    it('--json prints subject, headers and data on one line', async () => {
      const { stdout } = await natsmith(['call', 'calculator', 'add', '{"a":1,"b":2}', '--json']);
      expect(JSON.parse(stdout)).toEqual({ subject: 'math.add', headers: { Trace: ['none'] }, data: 3 });
    });

    it('prints a stream item by item', async () => {
      expect(await natsmith(['call', 'calculator', 'count', '600'])).toEqual({
        code: 0,
        stdout: Array.from({ length: 600 }, (_, i) => `${i + 1}\n`).join(''),
        stderr: '',
      });
    });

    it('prints the first item of a stream that INFO does not announce, and --stream prints all of it', async () => {
      expect(await natsmith(['call', 'calculator', 'upTo', '2'])).toEqual({
        code: 0,
        stdout: '1\n',
        stderr:
          'natsmith: math.upTo answered with a stream, though its INFO does not say so; --stream reads all of it\n',
      });
      expect((await natsmith(['call', 'calculator', 'upTo', '2', '--stream'])).stdout).toBe('1\n2\n');
    });

    it('prints the items before an error, and the error', async () => {
      const { code, stdout, stderr } = await natsmith(['call', 'calculator', 'count', '3', '--json']);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(lines).toEqual([
        { subject: 'math.count', data: 1 },
        { subject: 'math.count', data: 2 },
        { subject: 'math.count', data: 3 },
        { subject: 'math.count', error: { code: 507, description: 'no more numbers' } },
      ]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'natsmith: math.count answered with the error 507: no more numbers\n',
      });
    });
  });

  describe('a call of a live stream', () => {
    it('runs until Ctrl-C, longer than a call waits, and ends with 0', async () => {
      const call = start(['call', 'calculator', 'ticks', '1000'], { env: { NATS_URL: server.url } });
      await call.wrote(/^7$/gm);
      call.process.kill('SIGINT');
      expect(await call.outcome).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^1\n2\n[^]*7\n$/) as string,
        stderr: '',
      });
    });

    it('given a timeout, ends with it and exit code 3', async () => {
      const { code, stdout, stderr } = await natsmith(['call', 'calculator', 'ticks', '20', '--timeout', '300ms']);
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('math.ticks') as string });
      expect(stdout).toMatch(/^1\n2\n3\n/);
    });

    it('--timeout 0 means no limit', async () => {
      const { code, stdout } = await natsmith(['call', 'calculator', 'add', '{"a":1,"b":2}', '--timeout', '0']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '3\n' });
    });
  });

  describe('a call of an endpoint that takes a stream', () => {
    it('sends stdin line by line, as the lines come', async () => {
      const call = start(['call', 'calculator', 'double', '-'], { env: { NATS_URL: server.url }, stdin: 'open' });
      for (const number of [1, 2, 3]) {
        call.process.stdin?.write(`${number}\n`);
        await call.wrote(new RegExp(`^${2 * number}$`, 'gm'));
      }
      call.process.stdin?.end('\n4');
      expect(await call.outcome).toEqual({ code: 0, stdout: '2\n4\n6\n8\n', stderr: '' });
    });

    it('sends the lines of a file, or the items of an array', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'natsmith-cli-'));
      writeFileSync(join(folder, 'numbers.ndjson'), '1\n\n2\r\n39');
      const outcome = await natsmith(['call', 'calculator', 'sum', '@numbers.ndjson'], { cwd: folder });
      rmSync(folder, { recursive: true });
      expect(outcome).toEqual({ code: 0, stdout: '42\n', stderr: '' });
      expect(await natsmith(['call', 'calculator', 'sum', '[40,2]'])).toMatchObject({ code: 0, stdout: '42\n' });
    });

    it('a line that is not JSON is exit code 2, and says which', async () => {
      const { code, stdout, stderr } = await natsmith(['call', 'calculator', 'sum', '-'], { stdin: '1\ntwo\n3\n' });
      expect({ code, stdout, stderr }).toEqual({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(
          /^natsmith: line 2 of stdin is not JSON .*one JSON value on each line\n$/,
        ) as string,
      });
    });

    it('an item that the service refuses is exit code 1', async () => {
      const { code, stderr } = await natsmith(['call', 'calculator', 'sum', '["x"]']);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('error 400') as string });
    });
  });

  describe('a payload that the endpoint does not take', () => {
    it('is exit code 2 with the fields that are wrong, and is not sent', async () => {
      const before = await requests('add');
      expect(await natsmith(['call', 'calculator', 'add', '{"a":"1","round":"off"}'])).toEqual({
        code: 2,
        stdout: '',
        stderr:
          'natsmith: the payload is not what endpoint "add" takes:\n' +
          "  the payload must have required property 'b'\n" +
          '  a must be number\n' +
          '  round must be equal to one of the allowed values: "up", "down"\n' +
          'it takes { a: number, b: number, round?: "up" | "down" | null }; --no-check sends the payload all the same\n',
      });
      expect(await requests('add')).toBe(before);
    });

    it('is exit code 2 when there should be one', async () => {
      const { code, stderr } = await natsmith(['call', 'calculator', 'add']);
      expect(code).toBe(2);
      expect(stderr).toContain('endpoint "add" needs a payload: it takes { a: number, b: number');
    });

    it('is sent with --no-check, and the service refuses it with exit code 1', async () => {
      const { code, stderr } = await natsmith(['call', 'calculator', 'add', '{"a":1}', '--no-check']);
      expect(code).toBe(1);
      expect(stderr).toContain('math.add answered with the error 400: validation failed');
    });

    it.each([
      ['no JSON', ['call', 'calculator', 'add', 'hello'], /the payload is not JSON .*'"hello"'/],
      ['a missing file', ['call', 'calculator', 'add', '@nowhere.json'], /the file nowhere\.json cannot be read/],
      ['a missing param', ['call', 'calculator', 'recall'], /math\.memory\.\{slot\}\.get needs a value: --param slot=/],
      [
        'a param of two tokens',
        ['call', 'calculator', 'recall', '-p', 'slot=a.b'],
        /must not be empty or contain "\."/,
      ],
      ['an unknown param', ['call', 'calculator', 'add', '{"a":1,"b":1}', '-p', 'x=1'], /has no token \{x\}/],
      ['a bad header', ['call', 'calculator', 'add', '{}', '-H', 'trace'], /give name:value/],
      ['a bad timeout', ['call', 'calculator', 'add', '{}', '--timeout', 'soon'], /500ms/],
    ])('%s is exit code 2', async (_, args, said) => {
      const { code, stderr } = await natsmith(args);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(said) as string });
    });
  });

  describe('an error', () => {
    it('of the service is exit code 1, with its code, description and data', async () => {
      expect(await natsmith(['call', 'calculator', 'divide', '{"a":1,"b":0}'])).toEqual({
        code: 1,
        stdout: '',
        stderr: 'natsmith: math.divide answered with the error 400: division by zero\n{\n  "a": 1\n}\n',
      });
    });

    it('with --json stands on stdout', async () => {
      const { stdout } = await natsmith(['call', 'calculator', 'divide', '{"a":1,"b":0}', '--json']);
      expect(JSON.parse(stdout)).toMatchObject({
        error: { code: 400, description: 'division by zero', data: { a: 1 } },
      });
    });

    it('without an answer the exit code is 3', async () => {
      const { code, stderr } = await natsmith(['call', 'calculator', 'never', '--timeout', '100ms']);
      expect(stderr).toMatch(/math\.never (did not answer within 100 ms|answered with the error 504)/);
      // The service learns of the timeout, and may be the first to say so.
      expect([1, 3]).toContain(code);
    });

    it('without a service or an endpoint the exit code is 3', async () => {
      const service = await natsmith(['call', 'nobody', 'add']);
      expect(service).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('running: cache, calculator') as string,
      });
      const endpoint = await natsmith(['call', 'calculator', 'sub']);
      expect(endpoint).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('has no endpoint "sub"; it has add, count, divide') as string,
      });
    });
  });

  describe('gather', () => {
    it('prints the reply of each instance', async () => {
      expect(await natsmith(['gather', 'cache', 'size'])).toEqual({ code: 0, stdout: '7\n7\n', stderr: '' });
    });

    it('names the instance of each reply for programs', async () => {
      const { stdout } = await natsmith(['gather', 'cache', 'size', '--json']);
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { instance: string; data: number });
      expect(lines.map(({ data }) => data)).toEqual([7, 7]);
      expect(new Set(lines.map(({ instance }) => instance)).size).toBe(2);
    });

    it('is exit code 1 when an instance answers with an error', async () => {
      const { code, stdout } = await natsmith(['gather', 'cache', 'flush', '--json']);
      expect(code).toBe(1);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(lines).toEqual(
        [503, 503].map((code) => expect.objectContaining({ error: { code, description: 'not now' } }) as object),
      );
    });

    it('refuses an endpoint with a queue group, for one instance would answer', async () => {
      const { code, stderr } = await natsmith(['gather', 'calculator', 'add', '{"a":1,"b":2}']);
      expect(code).toBe(2);
      expect(stderr).toContain('endpoint "add" is in the queue group "q", so one instance answers');
    });
  });

  describe('a service in another library', () => {
    let connection: NatsConnection;
    beforeAll(async () => {
      connection = await connect({ servers: server.url });
      const service = await connection.services.add({ name: 'other', version: '1.0.0' });
      service.addEndpoint('bytes', (_, message) => void message.respond(Uint8Array.of(255, 0, 1)));
      service.addEndpoint('fail', (_, message) => void message.respondError(409, 'already there'));
    });
    afterAll(() => connection.close());

    it('is called, and bytes are distinguished from text', async () => {
      const { stdout } = await natsmith(['call', 'other', 'bytes', '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ data: { base64: '/wAB' } });
    });

    it('answers with errors', async () => {
      expect(await natsmith(['call', 'other', 'fail'])).toMatchObject({
        code: 1,
        stderr: 'natsmith: fail answered with the error 409: already there\n',
      });
    });
  });

  async function requests(endpoint: string): Promise<number | undefined> {
    const [stats] = JSON.parse((await natsmith(['stats', 'calculator', '--json'])).stdout) as {
      endpoints: { name: string; num_requests: number }[];
    }[];
    return stats?.endpoints.find(({ name }) => name === endpoint)?.num_requests;
  }
});
