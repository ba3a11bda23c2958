import { NatsServer, startCluster } from '@natsmith/testing';
import { describeWithNatsServer } from '#test/matrix';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'nats';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describeWithNatsServer('a real server', () => {
  let server: NatsServer | undefined;
  afterEach(() => server?.stop());

  it('takes clients as soon as it is started, on a port nobody else has', async () => {
    server = await NatsServer.start();
    await using other = await NatsServer.start();
    expect(other.port).not.toBe(server.port);
    expect(isAlive(server.pid!)).toBe(true);
    const connection = await connect({ servers: server.url });
    await connection.close();
  });

  it('takes maxPayload and lines of configuration', async () => {
    server = await NatsServer.start({ maxPayload: 4096, config: 'server_name: "smithy"' });
    const connection = await connect({ servers: server.url });
    expect(connection.info).toMatchObject({ max_payload: 4096, server_name: 'smithy' });
    await connection.close();
  });

  it('is gone with its process when it is killed', async () => {
    server = await NatsServer.start();
    const { pid } = server;
    await server.kill();
    expect(isAlive(pid!)).toBe(false);
    expect(server.pid).toBeUndefined();
  });

  it('says what the server said when it does not come up', async () => {
    await expect(NatsServer.start({ config: 'max_payload: "lots"' })).rejects.toThrow(
      /ended with exit code 1.*nats-server.conf:3:1/s,
    );
    server = await NatsServer.start();
    await expect(NatsServer.start({ port: server.port })).rejects.toThrow('address already in use');
  });

  it('ends with the process that started it, even when that is killed', async () => {
    const program = `
      const { NatsServer } = require(${JSON.stringify(join(__dirname, '../src/nats-server.ts'))});
      NatsServer.start().then((server) => { console.log(server.pid); setInterval(() => {}, 1000); });`;
    const env = { ...process.env, TS_NODE_PROJECT: join(__dirname, '../tsconfig.json') };
    const parent = execFile(process.execPath, ['-r', 'ts-node/register/transpile-only', '-e', program], { env });
    const [line] = (await once(parent.stdout!, 'data')) as [string];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    for (let i = 0; i < 200 && isAlive(pid); i++) await delay(10);
    expect(isAlive(pid)).toBe(false);
  });

  it('makes a cluster in which a message from one server reaches a subscriber on another', async () => {
    const servers = await startCluster(3);
    try {
      const [first, last] = await Promise.all([
        connect({ servers: servers[0]!.url }),
        connect({ servers: servers[2]!.url }),
      ]);
      const subscription = last.subscribe('hello', { max: 1 });
      // Interest travels between servers on its own time, so that the first messages may find nobody.
      const sending = setInterval(() => first.publish('hello'), 5);
      for await (const message of subscription) expect(message.subject).toBe('hello');
      clearInterval(sending);
      await Promise.all([first.close(), last.close()]);
    } finally {
      await Promise.all(servers.map((each) => each.stop()));
    }
  });
});
