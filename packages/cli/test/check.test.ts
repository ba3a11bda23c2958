import { runServices } from '#test/hosts';
import { useServer } from '#test/matrix';
import { Endpoint, Service, ServiceError, type RequestContext } from '@natsmith/core';
import type { CheckReport } from '@natsmith/testing';
import { connect, type NatsConnection } from 'nats';
import { useNatsmith } from './command';
import { Cache, Calculator } from './services';

let opened = 0;

@Service({ name: 'vault', version: '1.0.0' })
class Vault {
  @Endpoint()
  open(_: undefined, ctx: RequestContext): void {
    if (ctx.headers.get('authorization') !== 'Bearer abc') throw new ServiceError(401, 'who are you?');
    opened++;
  }
}

describe('natsmith check', () => {
  const server = useServer('broker');
  const natsmith = useNatsmith(server);
  let connection: NatsConnection;
  runServices(server, [Calculator, Cache, Vault]);

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

  it('an endpoint whose subject has a named token says what is missing, and is called with it', async () => {
    const args = ['check', 'calculator', '--endpoint', 'recall'];
    expect((await natsmith(args)).stdout).toContain(
      'the subject "math.memory.{slot}.get" of endpoint "recall" needs a value: --param slot=...',
    );
    const { code, stdout } = await natsmith([...args, '--param', 'slot=1', '--json']);
    expect({ code, checked: (JSON.parse(stdout) as CheckReport).checked }).toEqual({
      code: 0,
      checked: expect.arrayContaining(['request-answered']) as string[],
    });
  });

  it('an unknown endpoint says which there are', async () => {
    const { stdout } = await natsmith(['check', 'cache', '--endpoint', 'sise']);
    expect(stdout).toContain('there is no endpoint "sise"; the service has "size", "flush"');
  });

  it('-H gives headers, which a service behind authentication asks for', async () => {
    const errors = async (...flags: string[]) =>
      (JSON.parse((await natsmith(['check', 'vault', '--endpoint', 'open', '--json', ...flags])).stdout) as CheckReport)
        .findings.length;
    const before = opened;
    expect(await errors('-H', 'authorization: Bearer abc')).toBe(0);
    expect(opened - before).toBe(3);
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
