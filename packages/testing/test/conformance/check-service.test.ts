import { Svcm } from '@nats-io/services';
import { onEachServerAndClient, type TestClient } from '#test/matrix';
import { Endpoint, NatsServiceFactory, Service, ServiceError } from '@natsmith/core';
import { Broker } from '@natsmith/broker';
import {
  checkService,
  RULES,
  samplePayload,
  type CheckOptions,
  type CheckReport,
  type RuleId,
} from '@natsmith/testing';
import * as nats3 from '@nats-io/transport-node';
import * as nats2 from 'nats';
import { handMade, type Faults } from './hand-made';

@Service({ name: 'sound', version: '1.0.0', metadata: { team: 'a' } })
class Sound {
  @Endpoint({ idempotent: true })
  read(): number {
    return 1;
  }

  @Endpoint({ queueGroup: false })
  refuse(): never {
    throw new ServiceError(409, 'no');
  }

  @Endpoint()
  async slow(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The errors that were found, each rule once. */
function errorsIn({ findings }: CheckReport): RuleId[] {
  return [...new Set(findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule))];
}

onEachServerAndClient((_, client: TestClient) => {
  it("natsmith's own services pass, under load and with several instances", async () => {
    const connection = await client.connect();
    const options = { connection, logger: false, signals: false } as const;
    const hosts = [await NatsServiceFactory.create(Sound, options), await NatsServiceFactory.create(Sound, options)];
    const report = await checkService(await client.connect(), 'sound', { load: true });
    expect(report).toMatchObject({
      findings: [],
      skipped: [],
      checked: expect.arrayContaining(Object.keys(RULES)) as string[],
    });
    expect(report.instances).toHaveLength(2);
    await Promise.all(hosts.map((host) => host.stop()));
  });
});

describe.each([
  ['nats 2', (servers: string) => nats2.connect({ servers }), (nc: unknown) => (nc as nats2.NatsConnection).services],
  [
    '@nats-io/services',
    (servers: string) => nats3.connect({ servers }),
    (nc: unknown) => new Svcm(nc as never) as unknown as nats2.ServicesAPI,
  ],
] as const)('the services module of %s', (_, connect, servicesOf) => {
  let broker: Broker;
  let connection: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    broker = await Broker.start();
    connection = await connect(broker.url);
  });
  afterAll(async () => {
    await connection.close();
    await broker.stop();
  });

  async function check(
    config: Partial<nats2.ServiceConfig>,
    handler: nats2.ServiceHandler,
    options: CheckOptions = {},
  ): Promise<CheckReport> {
    const name = 'by-hand';
    const service = await servicesOf(connection).add({ name, version: '1.0.0', ...config });
    service.addEndpoint('one', handler);
    await connection.flush();
    const report = await checkService(connection, name, { timeout: 400, ...options });
    await service.stop();
    return report;
  }
  const respond: nats2.ServiceHandler = (_, message) => void message.respond('1');

  it('leaves last_error out until there is an error, which breaks the schema of STATS', async () => {
    expect(errorsIn(await check({}, respond))).toEqual(['control-schema', 'stats-last-error']);
  });

  it('does not count errors that a handler sends', async () => {
    const report = await check({}, (_, message) => void message.respondError(409, 'no'), { load: true });
    expect(errorsIn(report)).toContain('stats-errors');
  });

  it('does not await asynchronous handlers: their time counts as nothing', async () => {
    const report = await check({}, (_, message) => void setTimeout(() => message.respond('1'), 30), { load: true });
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        rule: 'stats-time',
        seen: expect.stringMatching(/^12 requests took \d{3,} ms/) as string,
      }),
    );
  });

  it('loses the rejection of an asynchronous handler: the caller gets no answer', async () => {
    const lost: nats2.ServiceHandler = () => void Promise.reject(new Error('lost')).catch(() => undefined);
    expect(errorsIn(await check({}, lost, { load: true }))).toContain('request-answered');
  });

  it('has no answer to STATS while a stats handler hangs', async () => {
    const report = await check({ statsHandler: () => new Promise<unknown>(() => undefined) }, respond);
    expect(errorsIn(report)).toEqual(['control-answers']);
    expect(report.findings).toHaveLength(3 + report.findings.filter(({ severity }) => severity === 'warning').length);
  });

  it('lets two services take messages from each other', async () => {
    const other = await servicesOf(connection).add({ name: 'other', version: '1.0.0' });
    other.addEndpoint('all', { subject: '>', handler: respond });
    await connection.flush();
    const report = await check({}, respond);
    await other.stop();
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        rule: 'shared-messages',
        seen: 'one and > (endpoint "all" of service "other") share the queue group "q"',
      }),
    );
  });
});

describe('two endpoints of one service on one subject', () => {
  let broker: Broker;
  let connection: nats2.NatsConnection;
  beforeEach(async () => {
    broker = await Broker.start();
    connection = await nats2.connect({ servers: broker.url });
  });
  afterEach(async () => {
    await connection.close();
    await broker.stop();
  });
  const handler: nats2.ServiceHandler = (_, message) => void message.respond('1');
  const breaches = (report: CheckReport): RuleId[] =>
    errorsIn(report).filter((rule) => rule !== 'control-schema' && rule !== 'stats-last-error');

  it('in two queue groups are in order', async () => {
    const service = await connection.services.add({ name: 'twins', version: '1.0.0' });
    service.addEndpoint('default', { handler, subject: 'demo.default', queue: 'q' });
    service.addEndpoint('default', { handler, subject: 'demo.default', queue: 'endpoint-group' });
    const report = await checkService(connection, 'twins', { load: true });
    expect(breaches(report)).toEqual([]);
  });

  it('in one queue group share its requests, which is a warning', async () => {
    const service = await connection.services.add({ name: 'twins', version: '1.0.0' });
    service.addEndpoint('a', { handler, subject: 'demo.default' });
    service.addEndpoint('b', { handler, subject: 'demo.default' });
    const report = await checkService(connection, 'twins', { load: true });
    expect(breaches(report)).toEqual([]);
    expect(report.findings).toContainEqual(expect.objectContaining({ rule: 'shared-messages', severity: 'warning' }));
  });
});

it('nothing that a service says of itself is published to unchecked', async () => {
  await using broker = await Broker.start();
  const [service, probe] = await Promise.all([1, 2].map(() => nats2.connect({ servers: broker.url })));
  const evil = 'x\r\nPUB victim 1\r\n\r\nx\r\n';
  let injected = 0;
  service!.subscribe('victim', { callback: () => injected++ });
  for (const [id, field] of Object.entries({
    ONE: 'subject',
    TWO: 'queue_group',
    THREE: 'name',
    [`FOUR${evil}`]: 'name',
  })) {
    const endpoint = { name: 'e', subject: 's', queue_group: 'q', metadata: { idempotent: 'true' }, [field]: evil };
    const reply = JSON.stringify({ name: 'evil', id, version: evil, metadata: {}, endpoints: [endpoint] });
    for (const subject of ['$SRV.*', '$SRV.*.evil', ...(id.length < 6 ? [`$SRV.*.evil.${id}`] : [])])
      service!.subscribe(subject, { callback: (_, message) => void message.respond(reply) });
  }
  await service!.flush();
  const report = await checkService(probe as never, 'evil', { load: true, timeout: 100 });
  await probe!.flush();
  expect(errorsIn(report)).toEqual(expect.arrayContaining(['id-nuid', 'version', 'endpoint-subject', 'endpoint-name']));
  // eslint-disable-next-line no-control-regex
  expect(report.findings.map(({ where, seen }) => where + seen).join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  await Promise.all([service!.close(), probe!.close()]);
  expect(injected).toBe(0);
});

describe('a service that is made by hand', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await Broker.start();
  });
  afterAll(() => broker.stop());

  async function check(faults: Faults, options: CheckOptions = {}): Promise<CheckReport> {
    const [service, probe] = await Promise.all([1, 2].map(() => nats2.connect({ servers: broker.url })));
    try {
      await handMade(service as never, faults);
      return await checkService(probe as never, 'hand-made', { timeout: 400, ...options });
    } finally {
      await Promise.all([service?.close(), probe?.close()]);
    }
  }

  it('passes when it is in order', async () => {
    expect((await check({})).findings).toEqual([]);
  });

  const change = (verb: string, fields: object): Faults => ({
    reply: (given, reply) => void (given === verb && Object.assign(reply, fields)),
  });
  const changeEndpoint = (verb: string, fields: object): Faults => ({
    reply: (given, reply) => void (given === verb && Object.assign(reply.endpoints?.[0] ?? {}, fields)),
  });
  const error = nats2.headers();
  error.set('Nats-Service-Error-Code', '400');
  const odd = nats2.headers();
  odd.set('nats-service-error-code', '400');
  const faults: [RuleId, string, Faults][] = [
    [
      'control-answers',
      'a level is not answered',
      { instead: (verb, { subject }) => subject === `$SRV.${verb}.hand-made` },
    ],
    [
      'control-answers',
      'a request is answered twice',
      { instead: (_, message) => !message.respond('{"id":"HANDMADE00000000000001"}') },
    ],
    ['control-any-body', 'a body is looked at', { instead: (_, { data }) => data.length > 100_000 }],
    ['control-unknown', 'a wildcard is subscribed', { subjects: ['$SRV.PING.hand-made.*'] }],
    ['control-no-queue-group', 'discovery is in a queue group', { queue: 'q' }],
    ['control-schema', 'a type is wrong', change('PING', { type: 'ping' })],
    ['identity', 'the version is another in STATS', change('STATS', { version: '1.0.1' })],
    ['version', 'the version is not SemVer', { reply: (_, reply) => void (reply.version = 'v1') }],
    ['metadata', 'metadata holds a number', { reply: (_, reply) => void (reply.metadata = { a: 1 }) }],
    ['endpoints', 'endpoints are null', change('INFO', { endpoints: null })],
    ['endpoint-name', 'an endpoint name has a dot', changeEndpoint('INFO', { name: 'a.b' })],
    ['endpoint-subject', 'a subject has an empty token', changeEndpoint('INFO', { subject: 'a..b' })],
    ['queue-group', 'queue_group is left out', changeEndpoint('STATS', { queue_group: undefined })],
    ['stats-endpoints', 'STATS leaves an endpoint out', change('STATS', { endpoints: [] })],
    ['stats-integers', 'a time has a fraction', changeEndpoint('STATS', { processing_time: 1.5 })],
    ['stats-last-error', 'last_error is null', changeEndpoint('STATS', { last_error: null })],
    ['stats-started', 'started is a number', change('STATS', { started: 1_900_000_000 })],
    ['stats-requests', 'requests are not counted', changeEndpoint('STATS', { num_requests: 0 })],
    ['request-answered', 'a request is not answered', { handle: () => undefined }],
    ['error-headers', 'a header is missing', { handle: (message) => void message.respond('', { headers: error }) }],
    ['error-headers', 'a header has another case', { handle: (message) => void message.respond('', { headers: odd }) }],
  ];

  it.each(faults)('%s: %s', async (rule, _, fault) => {
    const report = await check(fault);
    expect(errorsIn(report)).toContain(rule);
    const { holds, fix } = RULES[rule];
    expect(report.findings.find((finding) => finding.rule === rule)).toMatchObject({ holds, fix });
  });

  it('control-no-headers: discovery replies with headers', async () => {
    const headers = nats2.headers();
    headers.set('X', '1');
    const report = await check({ headers: headers });
    expect(report.findings).toContainEqual(
      expect.objectContaining({ rule: 'control-no-headers', severity: 'warning', seen: 'headers X' }),
    );
  });

  it('control-while-busy: discovery waits behind requests', async () => {
    let busy = 0;
    const block = (): void => {
      const end = performance.now() + (busy++ > 25 ? 20 : 0);
      while (performance.now() < end);
    };
    const fault: Faults = { handle: (message) => (block(), void message.respond('1')) };
    const report = await check(fault, { load: true, timeout: 2_000 });
    expect(errorsIn(report)).toContain('control-while-busy');
  });

  it('survives: a handler ends the connection', async () => {
    const connection = await nats2.connect({ servers: broker.url });
    await handMade(connection, { handle: () => void connection.close() });
    const report = await checkService(await probe(), 'hand-made', { timeout: 400 });
    expect(errorsIn(report)).toEqual(['request-answered', 'survives']);
  });

  it('is called without load only where it says that it is idempotent', async () => {
    let calls = 0;
    const handle: Faults['handle'] = (message) => (calls++, void message.respond('1'));
    const quiet = await check({ handle, ...changeEndpoint('INFO', { metadata: {} }) });
    expect(calls).toBe(0);
    expect(quiet.skipped.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['request-answered', 'error-headers', 'stats-requests', 'control-while-busy']),
    );
    await check({ handle });
    expect(calls).toBe(3);
  });

  it('with an option that does not exist is refused, and the nearest one is named', async () => {
    const checking = checkService(await probe(), 'nobody', { lod: true } as never);
    await expect(checking).rejects.toThrow('checkService() has an unknown option "lod"; did you mean "load"?');
  });

  it('that nobody runs is an error', async () => {
    await expect(checkService((await probe()) as never, 'nobody')).rejects.toThrow(
      '503: nobody answers as service "nobody"',
    );
  });

  const probes: nats2.NatsConnection[] = [];
  async function probe(): Promise<nats2.NatsConnection> {
    const connection = await nats2.connect({ servers: broker.url });
    probes.push(connection);
    return connection;
  }
  afterEach(() => Promise.all(probes.splice(0).map((connection) => connection.close())));
});

describe('samplePayload', () => {
  it.each([
    [{ type: 'object', properties: { a: { type: 'number' }, b: { type: 'string' } }, required: ['a'] }, { a: 1 }],
    [{ type: 'array', items: { type: 'integer', minimum: 5 }, minItems: 2 }, [5, 5]],
    [{ type: 'string', format: 'email' }, 'ann@example.com'],
    [{ $ref: '#/$defs/Id', $defs: { Id: { type: 'string', minLength: 6 } } }, 'texttt'],
    [{ anyOf: [{ enum: ['up', 'down'] }, { type: 'null' }] }, 'up'],
  ])('of %j is %j', (schema, sample) => {
    expect(samplePayload(schema)).toEqual(sample);
  });
});
