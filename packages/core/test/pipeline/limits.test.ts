import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Endpoint, type RequestContext, Service } from '@natsmith/core';
import { ValidateBy } from 'class-validator';
import { onStage, type Stage } from '#test/stage';
import { type Reply } from '#test/reply';
import { until } from '#test/until';

/** Handlers wait here until a test lets them go on. */
class Gate {
  entered: unknown[] = [];
  private waiting: (() => void)[] = [];

  pass(name: unknown): Promise<void> {
    this.entered.push(name);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Lets the first `count` go on. */
  open(count = this.waiting.length): void {
    for (const resolve of this.waiting.splice(0, count)) resolve();
  }

  reset(): void {
    this.open();
    this.entered = [];
  }
}

const gate = new Gate();
let aborted: unknown[] = [];
/** ms until the deadline, when a handler begins. */
let left: number[] = [];
let running = 0;
let mostRunning = 0;

function SlowlyValid(): PropertyDecorator {
  return ValidateBy({ name: 'slowlyValid', async: true, validator: { validate: () => delay(100, true) } });
}

class Slow {
  @SlowlyValid() value!: number;
}

@Service({ name: 'limits', version: '1.0.0' })
class Limits {
  calls = 0;
  @Endpoint() ping() {
    return 'pong';
  }
  @Endpoint({ timeout: 50 }) async slow(_payload: undefined, { signal }: RequestContext) {
    signal.addEventListener('abort', () => aborted.push(signal.reason));
    await gate.pass('slow');
    return 'late';
  }
  @Endpoint({ timeout: 50 }) async slowFails() {
    await gate.pass('slowFails');
    throw new Error('too late to matter');
  }
  @Endpoint({ timeout: 30 }) async obedient(_payload: undefined, { signal }: RequestContext) {
    await delay(60_000, undefined, { signal });
  }
  @Endpoint({ timeout: 30 }) blocks() {
    const end = performance.now() + 60;
    while (performance.now() < end);
    return 'late';
  }
  @Endpoint({ timeout: 30 }) validatesSlowly(_payload: Slow) {
    this.calls++;
    return 'late';
  }
  @Endpoint({ concurrency: 2, maxPending: 3, request: 'unchecked' }) async narrow(name: string) {
    mostRunning = Math.max(mostRunning, ++running);
    await gate.pass(name);
    running--;
    return name;
  }
  @Endpoint({ concurrency: 1, maxPending: 0 }) async single() {
    await gate.pass('single');
    return 'done';
  }
  @Endpoint({ concurrency: 1, maxPending: 5, timeout: 60, request: 'unchecked' }) async impatient(name: string) {
    await gate.pass(name);
    return name;
  }
  @Endpoint({ concurrency: 1, maxPending: 100_000, request: 'unchecked' }) mixed(
    name: string,
  ): string | Promise<string> {
    return name === 'slow' ? gate.pass(name).then(() => name) : name;
  }
}

@Service({ name: 'whole', version: '1.0.0', concurrency: 2, maxPending: 1, timeout: 1000 })
class Whole {
  @Endpoint({ request: 'unchecked' }) async one(name: string, { deadline }: RequestContext) {
    left.push(deadline!.getTime() - Date.now());
    await gate.pass(name);
    return name;
  }
  @Endpoint({ request: 'unchecked', concurrency: 1, maxPending: 5 }) async two(name: string) {
    await gate.pass(name);
    return name;
  }
  @Endpoint({ timeout: 40 }) async own(_payload: undefined, { deadline }: RequestContext) {
    left.push(deadline!.getTime() - Date.now());
    await gate.pass('own');
  }
}

const codeOf = async (reply: Promise<Reply>) => (await reply).code;
const statsOf = async (stage: Stage, name: string) =>
  (await stage.stats()).endpoints.find((endpoint) => endpoint.name === name)!;

beforeEach(() => {
  gate.reset();
  aborted = [];
  left = [];
  running = mostRunning = 0;
});

onStage('limits of an endpoint', Limits, (stage) => {
  beforeEach(() => {
    stage.host.services[0]!.reset();
    stage.log.lines.length = 0;
  });
  afterEach(async () => {
    gate.open();
    await delay(5);
  });

  describe('timeout', () => {
    it('answers 504 while the handler runs, and aborts the signal with the error', async () => {
      const reply = await stage.call('slow');
      expect([reply.code, reply.description, reply.text]).toEqual([504, 'timeout', '']);
      expect(aborted).toMatchObject([{ name: 'ServiceError', code: 504 }]);
    });

    it.each(['slow', 'slowFails'])('what the handler returns late is dropped and logged: %s', async (subject) => {
      await stage.call(subject);
      gate.open();
      await until(() => stage.log.of('warn').length > 0);
      expect(stage.log.of('warn')).toMatchObject([
        { message: 'handler ended after its time; its result is dropped', details: { handler: subject } },
      ]);
      expect(await statsOf(stage, subject)).toMatchObject({
        num_requests: 1,
        num_errors: 1,
        last_error: '504:timeout',
      });
    });

    it('a handler that stops because of its signal is nothing to warn of', async () => {
      expect(await codeOf(stage.call('obedient'))).toBe(504);
      await until(() => stage.log.lines.length > 0);
      expect(stage.log.lines).toMatchObject([{ level: 'debug', message: 'handler stopped, as its signal asked' }]);
    });

    it('a handler that blocks past its timeout is answered with 504', async () => {
      expect(await codeOf(stage.call('blocks'))).toBe(504);
    });

    it('passed while the payload is validated: the handler is not called any more', async () => {
      const { calls } = stage.host.get(Limits);
      expect(await codeOf(stage.call('validatesSlowly', { value: 1 }))).toBe(504);
      await delay(120);
      expect(stage.host.get(Limits).calls).toBe(calls);
    });
  });

  describe('concurrency and maxPending', () => {
    it('that many run, that many wait, more get 503 at once', async () => {
      const replies = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => stage.call('narrow', JSON.stringify(name)));
      const refused = await Promise.race(replies);
      expect([refused.code, refused.description]).toEqual([503, 'too many requests; try again later']);
      expect(gate.entered).toEqual(['a', 'b']);
      expect((await statsOf(stage, 'narrow')).num_errors).toBe(2);
      while (running > 0) {
        gate.open(1);
        await delay(5);
      }
      expect((await Promise.all(replies)).map(({ code }) => code)).toEqual([200, 200, 200, 200, 200, 503, 503]);
      // First come, first served.
      expect(gate.entered).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(mostRunning).toBe(2);
      expect(await statsOf(stage, 'narrow')).toMatchObject({
        num_requests: 7,
        num_errors: 2,
        last_error: '503:too many requests; try again later',
      });
    });

    it('nothing waits with maxPending 0', async () => {
      const first = stage.call('single');
      await until(() => gate.entered.length === 1);
      expect(await codeOf(stage.call('single'))).toBe(503);
      gate.open();
      expect(await codeOf(first)).toBe(200);
      const second = stage.call('single');
      await until(() => gate.entered.length === 2);
      gate.open();
      expect(await codeOf(second)).toBe(200);
    });

    it('time spent waiting does not count as processing time', async () => {
      const start = performance.now();
      const replies = ['a', 'b', 'c'].map((name) => stage.call('narrow', JSON.stringify(name)));
      await until(() => gate.entered.length === 2);
      await delay(200);
      gate.open();
      await until(() => gate.entered.length === 3);
      gate.open();
      await Promise.all(replies);
      const taken = (performance.now() - start) * 1e6;
      const { processing_time } = await statsOf(stage, 'narrow');
      expect(processing_time).toBeGreaterThan(390e6);
      // Two ran at a time; with the wait of the third it would be nearly three times as much as passed.
      expect(processing_time).toBeLessThan(2 * taken);
    });

    it('a handler whose caller got 504 keeps its place until it ends', async () => {
      const first = stage.call('impatient', '"a"');
      await until(() => gate.entered.length === 1);
      expect(await codeOf(first)).toBe(504);
      const second = stage.call('impatient', '"b"');
      expect(await codeOf(second)).toBe(504);
      expect(gate.entered).toEqual(['a']);
      gate.open();
      const third = stage.call('impatient', '"c"');
      await until(() => gate.entered.length === 2);
      gate.open();
      expect(await codeOf(third)).toBe(200);
    });

    it('a waiting request whose time is up leaves the queue, and its handler is never called', async () => {
      const first = stage.call('impatient', '"a"');
      await until(() => gate.entered.length === 1);
      // The queue has 5 places; if those that gave up kept theirs, the last five would get 503.
      for (let round = 0; round < 2; round++) {
        const waiting = Array.from({ length: 5 }, () => codeOf(stage.call('impatient', '"w"')));
        expect(await Promise.all(waiting)).toEqual([504, 504, 504, 504, 504]);
      }
      expect(await codeOf(first)).toBe(504);
      gate.open();
      await delay(20);
      expect(gate.entered).toEqual(['a']);
    });

    it('a deep queue of handlers that are not async is worked off without running out of stack', async () => {
      const count = 10_000;
      const slow = stage.call('mixed', '"slow"');
      await until(() => gate.entered.length === 1);
      const replies = Array.from({ length: count }, (_, i) =>
        codeOf(stage.call('mixed', `"${i}"`, { timeout: 20_000 })),
      );
      await stage.caller.flush();
      gate.open();
      expect(await codeOf(slow)).toBe(200);
      expect(new Set(await Promise.all(replies))).toEqual(new Set([200]));
      expect(await statsOf(stage, 'mixed')).toMatchObject({ num_requests: count + 1, num_errors: 0 });
      expect(await codeOf(stage.call('mixed', '"after"'))).toBe(200);
    });
  });

  it('PING is answered while handlers run and requests wait', async () => {
    const replies = Array.from({ length: 200 }, (_, i) => stage.call('narrow', `"${i}"`));
    await until(() => gate.entered.length === 2);
    expect((await stage.call('$SRV.PING.limits')).value).toMatchObject({ name: 'limits' });
    expect(running).toBe(2);
    while (running > 0) {
      gate.open();
      await delay(2);
    }
    await Promise.all(replies);
  });

  it('requests without a reply subject are limited and counted, too', async () => {
    for (let i = 0; i < 7; i++) stage.caller.publish('narrow', '"x"');
    await stage.caller.flush();
    await until(() => gate.entered.length === 2);
    expect(await statsOf(stage, 'narrow')).toMatchObject({ num_requests: 2, num_errors: 2 });
    while (running > 0) {
      gate.open();
      await delay(2);
    }
    expect(await statsOf(stage, 'narrow')).toMatchObject({ num_requests: 7, num_errors: 2 });
  });
});

onStage('limits of a whole service', Whole, (stage) => {
  beforeEach(() => stage.host.services[0]!.reset());
  afterEach(async () => {
    while (gate.entered.length > 0) {
      gate.reset();
      await delay(5);
    }
  });

  it('concurrency and maxPending count the requests of all endpoints together', async () => {
    const replies = [
      stage.call('one', '"a"'),
      stage.call('two', '"b"'),
      stage.call('one', '"c"'),
      stage.call('one', '"d"'),
    ];
    const refused = await Promise.race(replies);
    expect(refused.code).toBe(503);
    expect(gate.entered).toEqual(['a', 'b']);
    gate.open(1);
    await until(() => gate.entered.length === 3);
    gate.open();
    expect((await Promise.all(replies)).map(({ code }) => code)).toEqual([200, 200, 200, 503]);
  });

  it("a request that waits for its endpoint does not wait in the service's queue", async () => {
    const replies = ['a', 'b', 'c'].map((name) => stage.call('two', JSON.stringify(name)));
    await until(() => gate.entered.length === 1);
    const other = stage.call('one', '"x"');
    await until(() => gate.entered.length === 2);
    expect(gate.entered).toEqual(['a', 'x']);
    for (let i = 0; i < 4; i++) {
      gate.open();
      await delay(10);
    }
    expect((await Promise.all([...replies, other])).map(({ code }) => code)).toEqual([200, 200, 200, 200]);
  });

  it('timeout is the default of the endpoints, which may have their own', async () => {
    expect(await codeOf(stage.call('own'))).toBe(504);
    expect(await codeOf(stage.call('one', '"a"'))).toBe(504);
    expect(left[0]).toBeLessThanOrEqual(41);
    expect(left[1]).toBeGreaterThan(41);
  });
});
