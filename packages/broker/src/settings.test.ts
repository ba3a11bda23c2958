import assert from 'node:assert';
import type { BrokerOptions } from './options';
import { readOptions } from './settings';

const user = { user: 'a', pass: 'b' };

describe('broker options', () => {
  test('have defaults', () => {
    expect(readOptions({})).toMatchObject({
      host: '127.0.0.1',
      port: 0,
      users: [],
      maxPayload: 1_048_576,
      maxPending: 67_108_864,
      maxConnections: Infinity,
    });
  });

  test('take one user as user and pass', () => {
    expect(readOptions(user).users).toEqual([user]);
  });

  test('take no logger as false', () => {
    expect(readOptions({ logger: false }).logger).toBeUndefined();
  });

  test('guard the broker against a logger that throws', () => {
    const said: string[] = [];
    const faulty = {
      debug: () => assert.fail('the disk is full'),
      warn: (_: object, message: string) => said.push(message),
    };
    const { logger } = readOptions({ logger: faulty });
    logger?.debug({}, 'client connected');
    logger?.warn({}, 'slow consumer');
    expect(said).toEqual(['slow consumer']);
  });

  test.each<[unknown, string]>([
    [{ logger: console.log }, 'option logger must have the methods debug and warn, as pino has, or be false'],
    [{ logger: true }, 'option logger must have'],
    [{ logger: null }, 'option logger must have'],
    [{ prot: 1 }, 'option prot is not an option; the options are host, port,'],
    [{ port: 65_536 }, 'option port must be an integer from 0 to 65535, got 65536'],
    [{ port: '4222' }, 'option port must be an integer from 0 to 65535, got "4222"'],
    [{ host: '' }, 'option host must be a non-empty string, got ""'],
    [{ maxPayload: 0 }, 'option maxPayload must be an integer from 1'],
    [{ maxPayload: 20, maxPending: 10 }, 'option maxPayload (20) must not be over maxPending (10)'],
    [{ maxConnections: 1.5 }, 'option maxConnections must be'],
    [{ pingInterval: 2 ** 31 }, 'option pingInterval must be'],
    [{ user: 'a' }, 'option pass must be a non-empty string'],
    [{ pass: 'a' }, 'option user must be a non-empty string'],
    [{ token: 't', user: 'a', pass: 'b' }, 'option token cannot be combined'],
    [{ users: [] }, 'option users must be a list of at least one'],
    [{ users: [{ user: 'a' }] }, 'option users[0].pass must be a non-empty string'],
    [{ users: [user, user] }, 'option users[1].user is given twice'],
    [
      { users: [{ ...user, permissions: { publish: { allow: [] } } }] },
      'permissions.publish.allow is empty: leave it out',
    ],
    [{ users: [{ ...user, permissions: { publish: { deny: 'x' } } }] }, 'permissions.publish.deny must be a list'],
    [
      { users: [{ ...user, permissions: { subscribe: { deny: ['a..b'] } } }] },
      'subscribe.deny[0] must be a subject, got "a..b"',
    ],
    [{ users: [{ ...user, permissions: { subscribe: { allow: ['a q'] } } }] }, 'subscribe.allow[0] must be a subject'],
  ])('%j is refused: %s', (options, problem) => {
    expect(() => readOptions(options as BrokerOptions)).toThrow(TypeError);
    expect(() => readOptions(options as BrokerOptions)).toThrow(problem);
  });
});
