import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectWith, type NatsLibrary } from './connect';
import { optionsFromEnvironment } from './environment';

interface Asked {
  servers?: string | string[];
  pingInterval?: number;
  maxPingOut?: number;
  authenticator?: (nonce?: string) => unknown;
}

/** Connects to nothing, and gives what a client library would be asked for; it takes files of capital letters. */
const library: NatsLibrary<Asked, Asked> = {
  connect: (options) => Promise.resolve(options),
  credsAuthenticator: (creds) => () => {
    if (!/^[A-Z]+$/.test(creds.toString())) throw new Error('bad credentials');
    return creds.toString();
  },
  nkeyAuthenticator: (seed) => () => seed.toString(),
};

describe('connectWith', () => {
  it('notices a dead link within 15 seconds, or as the options say', async () => {
    expect(await connectWith(library, {})).toMatchObject({ pingInterval: 5000, maxPingOut: 2 });
    expect(await connectWith(library, { pingInterval: 70_000 })).toMatchObject({ pingInterval: 70_000, maxPingOut: 2 });
  });

  it.each([
    [{ severs: 'a' }, 'connection has an unknown option "severs"; did you mean "servers"?'],
    [{ url: 'nats://a' }, 'connection has an unknown option "url"; the options are servers, '],
  ])('refuses the option of no client library: %j', async (options, message) => {
    await expect(connectWith(library, options as Asked)).rejects.toThrow(message);
  });

  describe('reads files at each attempt', () => {
    const before = process.env;
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'natsmith-connect-'));
      process.env = {};
    });
    afterEach(() => {
      process.env = before;
      rmSync(folder, { recursive: true });
    });

    it.each(['NATS_CREDS', 'NATS_NKEY'])('%s', async (variable) => {
      const path = join(folder, 'file');
      process.env[variable] = path;
      writeFileSync(path, 'OLD');
      const { authenticator } = await connectWith(library, optionsFromEnvironment(library));
      expect(authenticator?.()).toBe('OLD');
      writeFileSync(path, 'NEW');
      expect(authenticator?.()).toBe('NEW');
      rmSync(path);
      expect(authenticator?.()).toBe('NEW'); // being replaced at this moment
    });

    it('and goes on with the last good ones where a file is half written', async () => {
      const path = join(folder, 'file');
      process.env.NATS_CREDS = path;
      writeFileSync(path, 'GOOD');
      const { authenticator } = await connectWith(library, optionsFromEnvironment(library));
      writeFileSync(path, 'GOO-');
      expect(authenticator?.()).toBe('GOOD');
    });
  });
});
