import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Endpoint, NatsServiceFactory, Service } from '@natsmith/core';
import { NatsServer, type NatsServerOptions } from '@natsmith/testing';
import { nkeys, type ConnectionOptions } from 'nats';
import { describeWithNatsServer } from '#test/matrix';
import { Log } from '#test/log';

const VARIABLES = ['URL', 'CREDS', 'NKEY', 'USER', 'PASSWORD', 'TOKEN', 'CA', 'CERT', 'KEY'].map(
  (name) => `NATS_${name}`,
);
const tls = (name: string): string => join(__dirname, 'tls', `${name}.pem`);

@Service({ name: 'greeter', version: '1.0.0' })
class Greeter {
  @Endpoint()
  greet(): string {
    return 'hello';
  }
}

interface KeyPair {
  getPublicKey(): string;
  getSeed(): Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}
// The declarations of nats 2 lead to a package that has none where TypeScript looks.
const { createOperator, createAccount, createUser } = nkeys as Record<
  'createOperator' | 'createAccount' | 'createUser',
  () => KeyPair
>;

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** A JSON Web Token as nats-server reads them: signed by the one who vouches for its subject. */
function token(signer: KeyPair, subject: KeyPair, nats: object, more: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    jti: subject.getPublicKey(),
    iat: 1,
    iss: signer.getPublicKey(),
    sub: subject.getPublicKey(),
    ...more,
  };
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ ...claims, nats: { ...nats, version: 2 } })}`;
  return `${signed}.${Buffer.from(signer.sign(Buffer.from(signed))).toString('base64url')}`;
}

/** A server that trusts an operator, and the creds file of a user. */
function withOperator(): { config: string; creds: string; credsUntil(seconds: number): string } {
  const [operator, account, user] = [createOperator(), createAccount(), createUser()];
  const noLimits = { subs: -1, data: -1, payload: -1 };
  const limits = { ...noLimits, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const accountToken = token(operator, account, { type: 'account', limits });
  const preload = { [account.getPublicKey()]: accountToken };
  const block = (name: string, text: string): string => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
  const credsWith = (claims: object): string =>
    block('NATS USER JWT', token(account, user, { type: 'user', ...noLimits }, claims)) +
    block('USER NKEY SEED', textOf(user.getSeed()));
  return {
    config: [
      `operator: ${token(operator, operator, { type: 'operator' })}`,
      'resolver: MEMORY',
      `resolver_preload: ${JSON.stringify(preload)}`,
    ].join('\n'),
    creds: credsWith({}),
    credsUntil: (seconds) => credsWith({ exp: seconds }),
  };
}

describeWithNatsServer('a service takes its credentials from the environment', () => {
  const before = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
  const clear = (): void => VARIABLES.forEach((name) => delete process.env[name]);
  let folder: string;
  let server: NatsServer;

  beforeEach(() => {
    clear();
    folder = mkdtempSync(join(tmpdir(), 'natsmith-credentials-'));
  });
  afterEach(async () => {
    clear();
    for (const [name, value] of Object.entries(before)) if (value !== undefined) process.env[name] = value;
    rmSync(folder, { recursive: true });
    await server.stop();
  });

  /** Whether a service comes up and answers, with the server's address and this in the environment. */
  async function answersWith(environment: Record<string, string>, connection?: ConnectionOptions): Promise<string> {
    clear();
    Object.assign(process.env, { NATS_URL: server.url }, environment);
    await using host = await NatsServiceFactory.create(Greeter, { logger: false, signals: false, connection });
    return (await host.connection.request('greet')).json();
  }

  async function startServer(options: NatsServerOptions): Promise<void> {
    server = await NatsServer.start(options);
  }

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  it('NATS_USER and NATS_PASSWORD, or both in NATS_URL', async () => {
    await startServer({ user: 'ann', pass: 's3cret:@' });
    expect(await answersWith({ NATS_USER: 'ann', NATS_PASSWORD: 's3cret:@' })).toBe('hello');
    expect(await answersWith({ NATS_URL: server.url.replace('//', '//ann:s3cret%3A%40@') })).toBe('hello');
    await expect(answersWith({ NATS_USER: 'ann', NATS_PASSWORD: 'other' })).rejects.toThrow('refused the credentials');
    await expect(answersWith({})).rejects.toThrow('refused the credentials');
  });

  it('NATS_TOKEN, or the token in NATS_URL', async () => {
    await startServer({ token: 't0ken' });
    expect(await answersWith({ NATS_TOKEN: 't0ken' })).toBe('hello');
    expect(await answersWith({ NATS_URL: server.url.replace('//', '//t0ken@') })).toBe('hello');
    await expect(answersWith({ NATS_TOKEN: 'other' })).rejects.toThrow('refused the credentials');
  });

  it('NATS_NKEY, a seed or the file that holds it', async () => {
    const user = createUser();
    await startServer({ config: `authorization: { users: [ { nkey: ${user.getPublicKey()} } ] }` });
    const seed = textOf(user.getSeed());
    expect(await answersWith({ NATS_NKEY: seed })).toBe('hello');
    expect(await answersWith({ NATS_NKEY: file('user.nk', `${seed}\n`) })).toBe('hello');
    const stranger = textOf(createUser().getSeed());
    await expect(answersWith({ NATS_NKEY: stranger })).rejects.toThrow('refused the credentials');
    await expect(answersWith({ NATS_NKEY: '/nowhere' })).rejects.toThrow('NATS_NKEY names the file /nowhere');
  });

  it('NATS_CREDS, a file with a token and its key', async () => {
    const { config, creds } = withOperator();
    await startServer({ config });
    expect(await answersWith({ NATS_CREDS: file('user.creds', creds) })).toBe('hello');
    const strange = file('strange.creds', withOperator().creds);
    await expect(answersWith({ NATS_CREDS: strange })).rejects.toThrow('refused the credentials');
    await expect(answersWith({ NATS_CREDS: '/nowhere' })).rejects.toThrow('NATS_CREDS names the file /nowhere');
  });

  it('NATS_CREDS again at each connection attempt: a token that expires is renewed by its file', async () => {
    const { config, creds, credsUntil } = withOperator();
    await startServer({ config });
    const path = file('user.creds', credsUntil(Math.ceil(Date.now() / 1000) + 3));
    Object.assign(process.env, { NATS_URL: server.url, NATS_CREDS: path });
    const log = new Log();
    await using host = await NatsServiceFactory.create(Greeter, { logger: log, signals: false });
    writeFileSync(path, creds);
    const expired = (): object[] => log.find('error', /NATS refused the credentials/);
    while (log.find('info', /reconnected/).length === 0) await delay(20);
    expect(expired()).toEqual([{ reason: expect.stringMatching(/expired/i) as string }]);
    expect((await host.connection.request('greet')).json()).toBe('hello');
  });

  const files = { cert_file: tls('server'), key_file: tls('server-key'), ca_file: tls('authority') };
  const withTls = { config: `tls: ${JSON.stringify({ ...files, verify: true })}` };
  const client = { NATS_CERT: tls('client'), NATS_KEY: tls('client-key') };

  it('NATS_CA, and NATS_CERT with NATS_KEY where the server asks for a certificate', async () => {
    await startServer(withTls);
    expect(await answersWith({ NATS_CA: tls('authority'), ...client })).toBe('hello');
  });

  it('a server whose certificate nobody vouches for is refused', async () => {
    await startServer(withTls);
    await expect(answersWith(client)).rejects.toThrow('no connection to NATS');
  });

  it('and not where the connection options hold some', async () => {
    await startServer({ user: 'ann', pass: 'secret' });
    const wrong = { NATS_USER: 'ann', NATS_PASSWORD: 'other' };
    expect(await answersWith(wrong, { servers: server.url, user: 'ann', pass: 'secret' })).toBe('hello');
  });
});
