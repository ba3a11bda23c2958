import { type ServerOptions, startServer } from '@natsmith/testing';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { type ConnectionOptions, connect } from 'nats';

onEachServer(({ kind }) => {
  async function tryToConnect(serverOptions: ServerOptions, clientOptions: ConnectionOptions): Promise<string> {
    await using server = await startServer(kind, serverOptions);
    const connection = await connect({ servers: server.url, reconnect: false, ...clientOptions });
    await connection.close();
    return 'connected';
  }

  it('accepts the configured user, and nobody else', async () => {
    const ann = { user: 'ann', pass: 'a "quoted" secret' };
    expect(await tryToConnect(ann, ann)).toBe('connected');
    await expect(tryToConnect(ann, {})).rejects.toThrow('Authorization Violation');
  });

  it('accepts the configured token, and nobody else', async () => {
    expect(await tryToConnect({ token: 's3cret' }, { token: 's3cret' })).toBe('connected');
    await expect(tryToConnect({ token: 's3cret' }, { token: 'wrong' })).rejects.toThrow('Authorization Violation');
  });

  it('holds users to their permissions', async () => {
    const ann = { user: 'ann', pass: 'a', permissions: { subscribe: { deny: ['secret.>'] } } };
    await using server = await startServer(kind, { users: [ann] });
    const connection = await connect({ servers: server.url, user: ann.user, pass: ann.pass });
    await expect(connection.subscribe('secret.plan')[Symbol.asyncIterator]().next()).rejects.toThrow(
      'Permissions Violation',
    );
    await connection.close();
  });

  it('announces the largest message it takes', async () => {
    await using server = await startServer(kind, { maxPayload: 4096 });
    const connection = await connect({ servers: server.url });
    expect(connection.info?.max_payload).toBe(4096);
    await connection.close();
  });

  it('refuses a port that is in use, and says so', async () => {
    await using first = await startServer(kind);
    await expect(startServer(kind, { port: first.port })).rejects.toThrow(/address already in use|EADDRINUSE/);
  });

  it('may be stopped twice', async () => {
    const server = await startServer(kind);
    await server.stop();
    await server.stop();
  });
});

onEachServerAndClient((server, client) => {
  it('carries a request with headers and its reply', async () => {
    const [asking, answering] = await Promise.all([client.connect(), client.connect()]);
    answering.subscribe('greet', {
      callback: (_error, message) => message.respond(`hello ${message.headers?.get('Name')}`),
    });
    await answering.flush();
    const headers = client.headers();
    headers.set('Name', 'Ann');
    const reply = await asking.request('greet', '', { timeout: 1000, headers });
    expect(reply.string()).toBe('hello Ann');
  });

  it.each(['stop', 'kill'] as const)('comes back on its port after %s, and clients reconnect', async (end) => {
    const connection = await client.connect({ reconnectTimeWait: 10, maxReconnectAttempts: -1 });
    const { port } = server;
    const reconnected = (async () => {
      for await (const { type } of connection.status()) if (type === 'reconnect') return;
    })();
    await server[end]();
    await server.restart();
    await reconnected;
    await connection.flush();
    expect(server.port).toBe(port);
  });
});
