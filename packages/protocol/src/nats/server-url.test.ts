import { readServerUrl, splitServers, withoutCredentials } from './server-url';

describe('a server URL', () => {
  it.each([
    ['nats://ann:secret@host:4222', { server: 'nats://host:4222', user: 'ann', pass: 'secret' }],
    ['ann:a:b@host', { server: 'host', user: 'ann', pass: 'a:b' }],
    ['nats://ann:a/b/c@host', { server: 'nats://host', user: 'ann', pass: 'a/b/c' }],
    ['nats://ann:a@b@host', { server: 'nats://host', user: 'ann', pass: 'a@b' }],
    ['nats://ann:a%40b%2Fc%3A@host', { server: 'nats://host', user: 'ann', pass: 'a@b/c:' }],
    ['nats://ann:100%@host', { server: 'nats://host', user: 'ann', pass: '100%' }],
    ['nats://ann:@host', { server: 'nats://host', user: 'ann', pass: '' }],
    ['tls://t0ken@[::1]:4222', { server: 'tls://[::1]:4222', token: 't0ken' }],
    ['wss://host/path', { server: 'wss://host/path' }],
    ['host:4222', { server: 'host:4222' }],
  ])('%s is read whole', (url, expected) => {
    expect(readServerUrl(url)).toEqual(expected);
  });

  it.each([
    ['a:4222, nats://b,[::1]:4222', ['a:4222', 'nats://b', '[::1]:4222']],
    ['nats://ann:x,y@a,b', ['nats://ann:x,y@a', 'b']],
    ['nats://ann:a@b%c,d@a:1,b', ['nats://ann:a@b%c,d@a:1', 'b']],
    ['ann:x@a,ann:y@b', ['ann:x@a', 'ann:y@b']],
    ['', []],
  ])('the list %s is split between servers alone', (list, expected) => {
    expect(splitServers(list)).toEqual(expected);
  });

  it.each(['nats://ann:se,cr@t/x:y%@host', 'ann:secret@host', 'nats://token@host'])(
    '%s is shown without its credentials',
    (url) => {
      expect(withoutCredentials(url)).toMatch(/^(nats:\/\/)?host$/);
    },
  );
});
