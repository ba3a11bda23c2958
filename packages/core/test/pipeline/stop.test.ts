import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Endpoint, type OnStart, type OnStop, type RequestContext, Service } from '@natsmith/core';
import { onEachServer } from '#test/matrix';
import { Stage } from '#test/stage';

let events: string[] = [];
let letGo: () => void = () => undefined;

@Service({ name: 'stopping', version: '1.0.0' })
class Stopping implements OnStart, OnStop {
  onStart() {
    events.push('onStart');
  }
  @Endpoint() async slow() {
    events.push('handler starts');
    await new Promise<void>((resolve) => (letGo = resolve));
    events.push('handler ends');
    return 'done';
  }
  @Endpoint() short() {
    return 'done';
  }
  @Endpoint() hangs(_payload: undefined, { signal }: RequestContext) {
    events.push('handler starts');
    signal.addEventListener('abort', () => events.push(`aborted: ${(signal.reason as Error).message}`));
    return new Promise(() => undefined);
  }
  @Endpoint({ concurrency: 1 }) queued(_payload: undefined, { signal }: RequestContext) {
    events.push('handler starts');
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve('late')));
  }
  async onStop() {
    await delay(10);
    events.push('onStop');
  }
}

async function until(event: string): Promise<void> {
  while (!events.includes(event)) await delay(2);
}

onEachServer((server) => {
  beforeEach(() => {
    events = [];
  });

  it('order: leaves the queue groups, finishes what runs and replies, leaves discovery, onStop, closes the connection', async () => {
    const stage = await Stage.start(server, Stopping);
    const { connection } = stage.host;
    const reply = stage.call('slow').then((r) => {
      events.push('reply');
      return r;
    });
    await until('handler starts');
    const stopped = stage.host.stop().then(() => events.push('stopped'));
    // The queue group is left, so a late request finds nobody; discovery still answers.
    while ((await stage.call('short').catch(() => 'nobody')) !== 'nobody');
    expect((await stage.call('$SRV.PING.stopping')).value).toMatchObject({ name: 'stopping' });
    expect(connection.isClosed()).toBe(false);
    letGo();
    await stopped;
    expect((await reply).value).toBe('done');
    expect(events.filter((event) => event !== 'reply')).toEqual([
      'onStart',
      'handler starts',
      'handler ends',
      'onStop',
      'stopped',
    ]);
    expect(connection.isClosed()).toBe(true);
    await expect(stage.call('$SRV.PING.stopping')).rejects.toThrow('503');
    await stage.caller.close();
  });

  it('every request that was sent before the stop is answered', async () => {
    const stage = await Stage.start(server, Stopping);
    const codes = Array.from({ length: 100 }, () =>
      stage.call('$SRV.PING.stopping').then(
        () => 200,
        () => 0,
      ),
    );
    const slow = stage.call('slow');
    await until('handler starts');
    const stopped = stage.host.stop();
    letGo();
    await stopped;
    expect((await slow).code).toBe(200);
    expect((await Promise.all(codes)).every((code) => code === 200)).toBe(true);
    await stage.caller.close();
  });

  it('stopTimeout: aborts the signal, answers 503 to those cut off, the waiting ones too, and goes on', async () => {
    const stage = await Stage.start(server, Stopping, { stopTimeout: 80 });
    const replies = [stage.call('hangs'), stage.call('queued'), stage.call('queued'), stage.call('queued')];
    while (events.filter((event) => event === 'handler starts').length < 2) await delay(2);
    await stage.caller.flush();
    const start = performance.now();
    await stage.host.stop(); // the handlers would hold it for ever
    expect(performance.now() - start).toBeGreaterThan(75);
    expect((await Promise.all(replies)).map(({ code, description }) => `${code} ${description}`)).toEqual(
      Array(4).fill('503 service is stopping'),
    );
    expect(events).toEqual([
      'onStart',
      'handler starts',
      'handler starts',
      'aborted: 503: service is stopping',
      'onStop',
    ]);
    expect(stage.log.problems).toContain('stop does not wait any longer for running requests');
    await stage.caller.close();
  });

  it('stop() twice is one stop, and resolves to its error', async () => {
    const stage = await Stage.start(server, Stopping);
    const error = new Error('enough');
    const [first, second] = await Promise.all([stage.host.stop(error), stage.host.stop()]);
    expect([first, second, await stage.host.stopped]).toEqual([error, error, error]);
    expect(events).toEqual(['onStart', 'onStop']);
    await stage.caller.close();
  });
});
