import { Endpoint, NatsServiceFactory, Service, type OnStart } from '@natsmith/core';
import { startServer } from '@natsmith/testing';
import { connect } from 'nats';
import { setTimeout as delay } from 'node:timers/promises';
import { onEachServerKind } from '#test/matrix';

let started = 0;

@Service({ name: 'early', version: '1.0.0' })
class Early implements OnStart {
  onStart(): void {
    started++;
  }
  @Endpoint() early(): string {
    return 'here';
  }
}

onEachServerKind('a server that is not there yet', (kind) => {
  it('create() rejects at once, and with waitOnFirstConnect it starts when a server does', async () => {
    started = 0;
    const absent = await startServer(kind);
    const { port, url: servers } = absent;
    await absent.stop();
    const options = { logger: false as const, signals: false };
    await expect(NatsServiceFactory.create(Early, { ...options, connection: { servers } })).rejects.toThrow(
      /^no connection to NATS at .*; start a nats-server there, or say where it is/,
    );

    let isUp = false;
    const waiting = NatsServiceFactory.create(Early, {
      ...options,
      connection: { servers, waitOnFirstConnect: true, reconnectTimeWait: 20, reconnectJitter: 0 },
    });
    void waiting.then(() => (isUp = true));
    await delay(200);
    expect([isUp, started]).toEqual([false, 0]);

    await using server = await startServer(kind, { port });
    await using _host = await waiting;
    const caller = await connect({ servers: server.url });
    expect((await caller.request('early', '', { timeout: 2000 })).json()).toBe('here');
    expect(started).toBe(1);
    await caller.close();
  });
});
