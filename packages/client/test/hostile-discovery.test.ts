import { ServiceClient, type ReplyProblem } from '@natsmith/client';
import fc from 'fast-check';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';

const VICTIM = 'victim';
const HOSTILE = [
  `x\r\nPUB ${VICTIM} 1\r\n\r\nx`,
  `x\nPUB ${VICTIM} 1\r\n\r\n`,
  `x 1\r\nA\r\nPUB ${VICTIM} 0\r\n\r\n`,
  `\0\r\nSUB > 9\r\n`,
  // Cut to their low bytes these are line breaks.
  `x\u010d\u010aPUB ${VICTIM} 1\u010d\u010a`,
  '',
  ' ',
  '>',
  '*',
  '.',
  'a..b',
  '\u001b[2J',
  'x'.repeat(5_000),
  VICTIM,
];

/** A reply to any of the three verbs, in order but for what is replaced. */
const reply = (name: string): Record<string, unknown> => ({
  name,
  id: 'ID7',
  version: '1.0.0',
  metadata: { a: 'b' },
  description: 'd',
  started: '2030-01-31T12:00:00Z',
  endpoints: [
    {
      ...{
        name: 'one',
        subject: 'evil.one',
        queue_group: 'q',
        metadata: { method: 'one', subject_template: 'evil.one' },
      },
      ...{ num_requests: 0, num_errors: 0, processing_time: 0, average_processing_time: 0, last_error: '', data: {} },
    },
  ],
});

const PATHS = [
  ...['name', 'id', 'version', 'metadata', 'metadata.a', 'description', 'started', 'endpoints', 'endpoints.0'],
  ...['name', 'subject', 'queue_group', 'metadata', 'num_requests', 'last_error'].map(
    (field) => `endpoints.0.${field}`,
  ),
  ...['method', 'subject_template', 'stream'].map((key) => `endpoints.0.metadata.${key}`),
];

const value = fc.oneof(fc.constantFrom<unknown>(...HOSTILE), fc.jsonValue(), fc.string({ unit: 'binary' }));
const mutation = fc.record({ path: fc.constantFrom(...PATHS), value });
const mutated = fc.array(mutation, { minLength: 1, maxLength: 3 }).map((mutations) => {
  const body = reply('evil');
  for (const { path, value } of mutations) {
    const keys = path.split('.');
    const last = keys.pop() as string;
    const parent = keys.reduce<unknown>((object, key) => (object as Record<string, unknown> | undefined)?.[key], body);
    if (typeof parent === 'object' && parent !== null) (parent as Record<string, unknown>)[last] = value;
  }
  return JSON.stringify(body);
});

onEachServerAndClient((_server, library) => {
  let witness: Connection;
  let connection: Connection;
  let client: ServiceClient;

  beforeEach(async () => {
    witness = await library.connect();
    connection = await library.connect();
    client = new ServiceClient(connection, { discovery: { stall: 20, timeout: 250 }, timeout: 50 });
  });
  afterEach(() => client.close());

  test('nothing that a reply says is sent on unchecked: no line break in any field becomes a command', async () => {
    const replies = fc.sample(mutated, { numRuns: 300, seed: 7 });
    const elsewhere: string[] = [];
    witness.subscribe('>', {
      callback: (_error, { subject }) => {
        if (!/^(_INBOX|\$SRV\.(PING|INFO|STATS)(\.|$)|evil\.)/.test(subject)) elsewhere.push(subject);
      },
    });
    let pings = 0;
    const answer = (message: { respond(body: string): boolean }): void =>
      replies.forEach((one) => message.respond(one));
    witness.subscribe('$SRV.*.*', { callback: (_error, message) => answer(message) });
    witness.subscribe('$SRV.*', {
      callback: (_error, message) => {
        // Later the watch is to ask by id for those who do not answer any more.
        if (message.subject !== '$SRV.PING' || ++pings <= 3) answer(message);
      },
    });
    await witness.flush();
    const before = (await connection.rtt(), connection.info?.client_id);

    const limits = { stall: 500, timeout: 5_000 };
    const every = [undefined, undefined, limits] as const;
    const results = [await client.ping(...every), await client.info(...every), await client.stats(...every)];
    for (const found of results) {
      expect(found.length + found.problems.length).toBe(replies.length);
      for (const { reason } of found.problems) {
        // eslint-disable-next-line no-control-regex
        expect(reason).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }
    }
    const evil = await client.service('evil');
    await Promise.allSettled(Object.values(evil).map((call) => call(undefined)));
    const problems: ReplyProblem[] = [];
    const signal = AbortSignal.timeout(10_000);
    const types = new Set<string>();
    for await (const { type, service } of client.watch({
      interval: 10,
      signal,
      onProblem: (one) => problems.push(one),
    })) {
      types.add(type);
      if (type === 'left') break;
      expect(service.name + service.id).toMatch(/^[^\s.*>]+$/);
    }
    expect([...types]).toEqual(['joined', 'left']);
    expect(problems.length).toBeGreaterThan(0);

    await connection.flush();
    await witness.flush();
    expect(elsewhere).toEqual([]);
    expect(connection.info?.client_id).toBe(before);
  });

  it('a service that claims a system subject is not called there, unless the caller says so', async () => {
    await using patient = new ServiceClient(connection);
    const body = reply('claims');
    body.type = 'io.nats.micro.v1.info_response';
    body.endpoints = [{ name: 'one', subject: '$OURS.PURGE.X', queue_group: 'q', metadata: {} }];
    witness.subscribe('$SRV.INFO.claims', { callback: (_error, message) => message.respond(JSON.stringify(body)) });
    const purges: string[] = [];
    witness.subscribe('$OURS.PURGE.X', {
      callback: (_error, message) => {
        purges.push(message.subject);
        message.respond('1');
      },
    });
    await witness.flush();
    await expect(patient.service('claims')).rejects.toThrow(/no endpoint outside the system subjects/);
    expect(purges).toEqual([]);
    const claims = await patient.service('claims', { subjects: '$OURS.PURGE.X' });
    expect(await claims.one!(undefined)).toBe(1);
  });

  test('each field that is published or shown is refused with a line break in it', async () => {
    const paths = ['name', 'id', 'version', 'endpoints.0.name', 'endpoints.0.subject', 'endpoints.0.queue_group'];
    witness.subscribe('$SRV.INFO', {
      callback: (_error, message) => {
        for (const path of paths) {
          const body = JSON.stringify(reply('evil'), undefined, 1);
          const key = path.split('.').at(-1) as string;
          const lines = body.split('\n');
          const at = path.includes('.')
            ? lines.findIndex((line) => line.startsWith(`   "${key}"`))
            : lines.findIndex((line) => line.startsWith(` "${key}"`));
          lines[at] = `"${key}": ${JSON.stringify(HOSTILE[0])},`;
          message.respond(lines.join('\n'));
        }
      },
    });
    await witness.flush();
    const found = await client.info();
    expect(found).toEqual([]);
    expect(
      found.problems.map(({ reason }) => /"([^" ]*(?:name|id|version|subject|queue_group))"/.exec(reason)?.[1]),
    ).toEqual(paths.map((path) => path.replace('.0.', '[0].')));
  });
});
