import { connect, type NatsConnection } from 'nats';
import { useBroker, useNatsmith } from './command';
import { Cache, Calculator, runServices } from './services';

describe('natsmith check', () => {
  const server = useBroker();
  const natsmith = useNatsmith(server);
  let connection: NatsConnection;
  runServices(server, [Calculator, Cache]);

  beforeAll(async () => {
    connection = await connect({ servers: server.url });
    const service = await connection.services.add({ name: 'by-hand', version: '1.0.0' });
    service.addEndpoint('fail', {
      handler: (_, message) => void message.respondError(409, 'no'),
      metadata: { idempotent: 'true' },
    });
    await connection.flush();
  });
  afterAll(() => connection.close());

  it('is exit code 0 for a service without faults', async () => {
    const { code, stdout, stderr } = await natsmith(['check', 'calculator']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^calculator, 1 instance: 0 errors, 0 warnings; \d+ rules checked\nnot checked: control-while-busy/,
    );
  });

  it('is exit code 0 under load, with a payload of its own', async () => {
    const args = ['check', 'calculator', '--load', '--endpoint', 'add', '--payload', '{"a":1,"b":2}'];
    expect(await natsmith(args)).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.not.stringContaining('not checked') as string,
    });
  });

  it('is exit code 1 for faults, each with what was seen, the rule and the fix', async () => {
    const { code, stdout } = await natsmith(['check', 'by-hand']);
    expect(code).toBe(1);
    expect(stdout).toContain(
      'error stats-errors  by-hand endpoint "fail"\n' +
        '  seen  3 error replies, and num_errors grew by 0\n' +
        '  rule  num_errors and last_error tell of every request that ended in an error\n' +
        '  fix   count every error reply, whether it was thrown or sent\n',
    );
    expect(stdout).toMatch(/by-hand, 1 instance: 3 errors, \d warnings?; \d+ rules checked/);
  });

  it('--json prints the report', async () => {
    const report = JSON.parse((await natsmith(['check', 'by-hand', '--json'])).stdout) as object;
    expect(report).toMatchObject({
      service: 'by-hand',
      instances: [expect.any(String)],
      checked: expect.arrayContaining(['identity', 'stats-errors']) as string[],
      skipped: [{ rule: 'control-while-busy', reason: expect.any(String) as string }],
      findings: expect.arrayContaining([
        expect.objectContaining({ rule: 'stats-errors', severity: 'error' }),
      ]) as object[],
    });
  });
});
