import { readDiscoveryReply } from './discovery-reply';
import { UnusableReply, type ReplyProblem } from './reply-fields';
import type { Verb } from './discovery';

const identity = { name: 'calc', id: 'ID7', version: '1.0.0' };
const counts = { num_requests: 1, num_errors: 0, processing_time: 5, average_processing_time: 5 };
const info = (endpoint: object): object => ({
  ...identity,
  endpoints: [{ name: 'add', subject: 'calc.add', ...endpoint }],
});
const stats = (endpoint: object): object => ({
  ...identity,
  started: '2030-01-31T12:00:00Z',
  endpoints: [{ name: 'add', subject: 'calc.add', ...counts, ...endpoint }],
});
const bytes = (reply: unknown): Uint8Array => Buffer.from(typeof reply === 'string' ? reply : JSON.stringify(reply));

function problemOf(verb: Verb, reply: unknown): ReplyProblem {
  try {
    readDiscoveryReply(verb, bytes(reply));
  } catch (error) {
    if (error instanceof UnusableReply) return error.problem;
    throw error;
  }
  throw new Error('the reply was taken');
}

describe('what may be left out, or be null, gets its default', () => {
  test('PING', () => {
    expect(readDiscoveryReply('PING', bytes({ ...identity, metadata: null }))).toEqual({
      type: 'io.nats.micro.v1.ping_response',
      ...identity,
      metadata: {},
    });
  });

  test('INFO', () => {
    expect(readDiscoveryReply('INFO', bytes(info({ metadata: null })))).toMatchObject({
      description: '',
      endpoints: [{ queue_group: 'q', metadata: {} }],
    });
  });

  test('STATS', () => {
    expect(readDiscoveryReply('STATS', bytes(stats({})))).toMatchObject({ endpoints: [{ last_error: '', ...counts }] });
  });
});

test('values of metadata are strings, whatever a service of another language sends', () => {
  const metadata = { replicas: 3, canary: true, none: null, list: [1], object: { a: 1 }, text: 'as it is' };
  const read = { replicas: '3', canary: 'true', none: 'null', list: '[1]', object: '{"a":1}', text: 'as it is' };
  expect(readDiscoveryReply('PING', bytes({ ...identity, metadata })).metadata).toEqual(read);
  expect(readDiscoveryReply('INFO', bytes(info({ metadata }))).endpoints[0]?.metadata).toEqual(read);
});

test('numbers in the place of names and texts are read as strings', () => {
  expect(readDiscoveryReply('INFO', bytes({ ...info({ name: 7, queue_group: 8 }), description: 9 }))).toMatchObject({
    description: '9',
    endpoints: [{ name: '7', queue_group: '8' }],
  });
});

test('a key such as __proto__ in metadata is a key', () => {
  const { metadata } = readDiscoveryReply(
    'PING',
    Buffer.from('{"name":"a","id":"b","version":"1.0.0","metadata":{"__proto__":"x"}}'),
  );
  expect(Object.entries(metadata)).toEqual([['__proto__', 'x']]);
  expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
});

test('braces in the subject of a foreign service are characters like any other', () => {
  expect(readDiscoveryReply('INFO', bytes(info({ subject: 'a.x{y' }))).endpoints[0]?.subject).toBe('a.x{y');
});

const INJECTED = 'x\r\nPUB victim 1\r\n\r\nx';

describe('what does not fit is a problem that names the service and the field', () => {
  test.each<[string, Verb, unknown, RegExp]>([
    ['no JSON', 'PING', 'not json', /^a service that answered PING sent something other than a JSON object$/],
    ['an array', 'STATS', [], /STATS sent something other than a JSON object/],
    ['no name', 'PING', { id: 'ID7', version: '1.0.0' }, /PING: "name" is missing/],
    ['a name with a line break', 'PING', { ...identity, name: INJECTED }, /"name" .* may hold only letters/],
    ['a name with a dot', 'PING', { ...identity, name: 'a.b' }, /"name" "a.b" may hold only/],
    ['a name that is an object', 'PING', { ...identity, name: {} }, /"name" must be a string, got object/],
    ['a name of 5,000 characters', 'PING', { ...identity, name: 'a'.repeat(5_000) }, /"name" has 5000 characters/],
    ['no id', 'PING', { name: 'calc', version: '1.0.0' }, /^service "calc": "id" is missing/],
    ['an id with a line break', 'PING', { ...identity, id: INJECTED }, /^service "calc": "id" .* white space/],
    ['an id with a wildcard', 'PING', { ...identity, id: '>' }, /"id" ">" may not contain ">"/],
    ['an id of two tokens', 'PING', { ...identity, id: 'a.b' }, /"id" "a.b" holds "."/],
    ['an id over the longest subject', 'PING', { ...identity, id: 'a'.repeat(1_020) }, /"id" is longer/],
    [
      'a version with a line break',
      'PING',
      { ...identity, version: INJECTED },
      /^service "calc" \(id ID7\): "version"/,
    ],
    ['a version that is not SemVer', 'PING', { ...identity, version: 'v1' }, /"version" "v1" is not SemVer 2.0.0/],
    ['a version of 300 characters', 'PING', { ...identity, version: `1.0.0-${'a'.repeat(300)}` }, /306 characters/],
    ['metadata that is an array', 'PING', { ...identity, metadata: [] }, /"metadata" must be an object, got array/],
    ['another type', 'PING', { ...identity, type: 'x\r\ny' }, /"type" must be "io.nats.micro.v1.ping_response"/],
    ['no endpoints', 'INFO', identity, /"endpoints" is missing/],
    [
      'endpoints that are not a list',
      'INFO',
      { ...identity, endpoints: {} },
      /"endpoints" must be an array, got object/,
    ],
    ['an endpoint that is null', 'INFO', { ...identity, endpoints: [null] }, /"endpoints\[0\]" must be an object/],
    ['no subject', 'INFO', info({ subject: undefined }), /"endpoints\[0\].subject" is missing/],
    ['a subject with a line break', 'INFO', info({ subject: INJECTED }), /"endpoints\[0\].subject" .* white space/],
    ['a subject with NUL', 'INFO', info({ subject: 'a\0b' }), /subject" .* white space/],
    ['a subject with an escape', 'INFO', info({ subject: 'a\u009b2J' }), /subject" .* white space/],
    ['an empty subject', 'INFO', info({ subject: '' }), /subject" is empty/],
    ['a long subject', 'INFO', info({ subject: 'a'.repeat(1_025) }), /subject" is longer than 1024/],
    ['an endpoint name with a line break', 'INFO', info({ name: INJECTED }), /"endpoints\[0\].name"/],
    ['a queue group with a blank', 'INFO', info({ queue_group: 'q 1' }), /queue_group" "q 1"/],
    ['a queue group with an escape', 'STATS', stats({ queue_group: 'q\u001b' }), /queue_group"/],
    ['a template elsewhere', 'INFO', info({ metadata: { subject_template: 'victim' } }), /subject_template" "victim"/],
    ['a template with a line break', 'INFO', info({ metadata: { subject_template: INJECTED } }), /subject_template"/],
    ['no counter', 'STATS', stats({ num_requests: undefined }), /"endpoints\[0\].num_requests" is missing/],
    ['a counter that is a string', 'STATS', stats({ num_errors: '1' }), /num_errors" must be a number .* got string/],
    ['a negative counter', 'STATS', stats({ num_errors: -1 }), /num_errors" must be a number of 0 or more, got -1/],
    [
      'a time without end',
      'STATS',
      JSON.stringify(stats({ processing_time: 7e77 })).replace('7e+77', '7e777'),
      /Infinity/,
    ],
    ['a start with an escape', 'STATS', { ...stats({}), started: '\u001b[2J' }, /"started" is not a time/],
  ])('%s', (_, verb, reply, reason) => {
    const problem = problemOf(verb, reply);
    expect(problem.reason).toMatch(reason);
    // eslint-disable-next-line no-control-regex
    expect(problem.reason).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(problem.reason.length).toBeLessThanOrEqual(400);
  });

  test('with where it came from, as far as that is in order', () => {
    expect(problemOf('PING', 'x').from).toBeUndefined();
    expect(problemOf('PING', { ...identity, name: 'a b' }).from).toBeUndefined();
    expect(problemOf('PING', { ...identity, id: 'a b' }).from).toEqual({ name: 'calc' });
    expect(problemOf('PING', { ...identity, version: 1 }).from).toEqual({ name: 'calc', id: 'ID7' });
  });
});

describe('what is too large is refused', () => {
  test.each<[string, () => Uint8Array, RegExp]>([
    ['bytes', () => Buffer.alloc(4 * 1024 * 1024 + 1, 0x20), /sent 4194305 bytes; a reply may have 4194304/],
    ['endpoints', () => bytes({ ...identity, endpoints: Array(100_000).fill({}) }), /"endpoints" has 100000 items/],
    [
      'depth',
      () =>
        Buffer.from(`{"name":"a","id":"b","version":"1.0.0","endpoints":[],"x":${'['.repeat(1e6)}${']'.repeat(1e6)}}`),
      /nests deeper than 100 levels/,
    ],
  ])('%s', (_, body, reason) => {
    expect(() => readDiscoveryReply('INFO', body())).toThrow(reason);
  });
});
