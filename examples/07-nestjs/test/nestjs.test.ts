import { join } from 'node:path';
import { Child } from '#test/child';
import { onEachServer } from '#test/matrix';

const MAIN = join(__dirname, '../dist/main.js');

onEachServer((server) => {
  let app: Child | undefined;
  afterEach(async () => {
    app?.kill('SIGKILL');
    await app?.exit;
  });

  it('a service has been moved, and both kinds of clients call it', async () => {
    app = Child.node([MAIN], { NATS_URL: server.url });
    await app.wrote('It runs until Ctrl-C.');
    await app.wrote('mail to Ann: your order 2 has been placed');
    expect(app.stdout.split('\n').filter((line) => line.includes('client:'))).toEqual([
      `Nest's client: {"customer":"Ann","number":1}`,
      `Nest's client: {"status":"error","code":422,"message":"no such customer"}`,
      `natsmith's client: {"customer":"Ann","number":2}`,
      `natsmith's client: 400: validation failed`,
    ]);
    expect(app.stdout).toContain('mail to Ann: your order 1 has been placed');
    expect(app.stderr).toBe('');
  }, 60_000);

  it('SIGTERM stops application and services, and both end', async () => {
    app = Child.node([MAIN], { NATS_URL: server.url });
    await app.wrote('It runs until Ctrl-C.');
    app.kill('SIGTERM');
    // Nest sends the signal to its own process once it is closed.
    expect(await app.exit).toEqual({ code: null, signal: 'SIGTERM' });
    expect(app.stderr).toBe('');
  }, 60_000);

  it('runs with one command where no server is', async () => {
    app = Child.node([MAIN], { NATS_URL: '' });
    await app.wrote('It runs until Ctrl-C.');
  }, 60_000);
});
