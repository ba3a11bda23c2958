import 'reflect-metadata';
import {
  Endpoint,
  event,
  NatsServiceFactory,
  Service,
  ServiceError,
  Subscribe,
  type RequestContext,
} from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { onEachServer } from '#test/matrix';
import { Log, type LogLine } from '#test/log';
import { Stage } from '#test/stage';
import { until } from '#test/until';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const Happened = event('logging.happened', 'unchecked');

@Service({ name: 'logging', version: '1.0.0' })
class Logging {
  @Endpoint() fine() {
    return 'fine';
  }
  @Endpoint() known() {
    throw new ServiceError(404, 'no such thing');
  }
  @Endpoint() caused() {
    throw new ServiceError(502, 'the shop is closed', { cause: new Error('ECONNREFUSED 10.0.0.7') });
  }
  @Endpoint() unknown() {
    throw new Error('password is hunter2');
  }
  @Endpoint() says(_payload: undefined, { log, requestId }: RequestContext) {
    log.info('a line of its own');
    log.warn({ order: 17, handler: 'another', requestId: 'forged' }, 'with fields');
    log.error(new Error('with an error'));
    log.info(
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('unreadable');
          },
        },
      ),
      'that cannot be read',
    );
    return requestId;
  }
  @Endpoint() leaks() {
    throw Object.assign(new Error('no entry'), { password: 'hunter2' });
  }
  @Subscribe(Happened) happened() {}
  @Endpoint({ request: 'unchecked' }) throwsAnything(what: string) {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw what === 'undefined' ? undefined : what === 'null' ? null : what === 'object' ? { secret: 1 } : what;
  }
}

let busy = 0;
let goOn: () => void = () => undefined;

@Service({ name: 'busy', version: '1.0.0' })
class Busy {
  @Endpoint() async *count(): AsyncGenerator<number> {
    yield 1;
    await new Promise<void>((resolve) => (goOn = resolve));
    yield 2;
  }
  @Endpoint({ concurrency: 1, maxPending: 0 }) wait(_payload: undefined, { signal }: RequestContext): Promise<void> {
    busy++;
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  }
}

@Service({ name: 'plain', version: '1.0.0' })
class Plain {
  @Endpoint() fine() {
    return 'fine';
  }
}

onEachServer((server) => {
  it('the start line names service, version, id, endpoints and handlers of other kinds; the stop line the service', async () => {
    const stage = await Stage.start(server, Logging);
    const [service] = stage.host.services;
    expect(linesOf(stage)).toMatchObject([
      {
        level: 'info',
        message: 'service started',
        details: {
          service: 'logging',
          version: '1.0.0',
          id: service!.id,
          endpoints: [{ name: 'fine', subject: 'fine', queueGroup: 'q' }, {}, {}, {}, {}, {}, {}],
          handlers: [{ kind: 'event', name: 'happened', subject: 'logging.happened' }],
        },
      },
    ]);
    await stage[Symbol.asyncDispose]();
    expect(linesOf(stage).at(-1)).toMatchObject({
      level: 'info',
      message: 'service stopped',
      details: { service: 'logging' },
    });
  });

  it('the start line of a service with endpoints alone lists no other handlers', async () => {
    await using stage = await Stage.start(server, Plain);
    expect(linesOf(stage)[0]?.details).not.toHaveProperty('handlers');
  });

  it('each request is a debug line, with its error if it failed', async () => {
    await using stage = await Stage.start(server, Logging, { logger: new Log(true) });
    await stage.call('fine');
    await stage.call('known');
    expect(linesOf(stage).filter(({ level }) => level === 'debug')).toEqual([
      {
        level: 'debug',
        message: 'request',
        details: {
          service: 'logging',
          handler: 'fine',
          kind: 'endpoint',
          subject: 'fine',
          requestId: expect.stringMatching(/^[\w-]{22}$/) as string,
          milliseconds: expect.any(Number) as number,
          error: undefined,
        },
      },
      {
        level: 'debug',
        message: 'request',
        details: {
          service: 'logging',
          handler: 'known',
          kind: 'endpoint',
          subject: 'known',
          requestId: expect.stringMatching(/^[\w-]{22}$/) as string,
          milliseconds: expect.any(Number) as number,
          error: '404:no such thing',
        },
      },
    ]);
  });

  it('requests are not logged where the logger does not want debug lines', async () => {
    await using stage = await Stage.start(server, Logging, { logger: new Log(false) });
    await stage.call('fine');
    expect(linesOf(stage).filter(({ level }) => level === 'debug')).toEqual([]);
  });

  it('an unknown error: the caller gets 500, nothing of its text, and an id that leads to the log line with the stack', async () => {
    await using stage = await Stage.start(server, Logging);
    const reply = await stage.call('unknown');
    expect([reply.code, reply.description, reply.text]).toEqual([500, 'internal error', '']);
    const requestId = reply.header('Natsmith-Request-Id');
    expect(requestId).toMatch(/^[\w-]{22}$/);
    const [line] = stage.log.of('error');
    expect(line).toMatchObject({
      message: 'handler failed',
      details: { service: 'logging', handler: 'unknown', subject: 'unknown', requestId },
    });
    expect(line!.details.err?.message).toBe('password is hunter2');
    expect(line!.details.err?.stack).toContain('logging.test.ts');
    expect(JSON.stringify([...(reply.message.headers ?? [])])).not.toContain('hunter2');
    expect(JSON.stringify([...(reply.message.headers ?? [])])).toContain(requestId);
  });

  it.each(['undefined', 'null', 'object', 'text'])(
    'whatever is thrown is logged and answered with 500: %s',
    async (what) => {
      await using stage = await Stage.start(server, Logging);
      const reply = await stage.call('throwsAnything', JSON.stringify(what));
      expect([reply.code, reply.text]).toEqual([500, '']);
      expect(stage.log.of('error')).toHaveLength(1);
    },
  );

  it('a ServiceError is not logged; its cause is, and the caller sees nothing of it', async () => {
    await using stage = await Stage.start(server, Logging);
    await stage.call('known');
    expect(stage.log.problems).toBe('');
    const reply = await stage.call('caused');
    expect([reply.code, reply.description, reply.text]).toEqual([502, 'the shop is closed', '']);
    expect(stage.log.of('warn')).toMatchObject([
      { details: { handler: 'caused', err: { message: 'ECONNREFUSED 10.0.0.7' } } },
    ]);
  });

  describe('the log of a message', () => {
    it('says which message its lines belong to, and takes what pino takes', async () => {
      await using stage = await Stage.start(server, Logging);
      const { value: requestId } = await stage.call('says');
      const about = { service: 'logging', handler: 'says', kind: 'endpoint', subject: 'says', requestId };
      const own = stage.log.lines.filter(({ details }) => details.handler === 'says' && !('milliseconds' in details));
      expect(own).toMatchObject([
        { level: 'info', message: 'a line of its own', details: about },
        { level: 'warn', message: 'with fields', details: { ...about, order: 17 } },
        { level: 'error', message: '', details: { ...about, err: { message: 'with an error' } } },
        { level: 'info', message: 'that cannot be read', details: about },
      ]);
    });

    it.each([
      ['the trace that the caller names', `00-${TRACE}-00f067aa0ba902b7-01`, TRACE],
      ['no trace for what is not a traceparent', `00-${TRACE.slice(1)}-00f067aa0ba902b7-01`, undefined],
      ['no trace for one of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
    ])('says %s', async (_, traceparent, traceId) => {
      await using stage = await Stage.start(server, Logging);
      await stage.call('unknown', undefined, { headers: { traceparent } });
      expect(stage.log.of('error').map(({ details }) => details.traceId)).toEqual([traceId]);
    });
  });

  it('with `accessLog` each message of any kind is a line at the level info', async () => {
    await using stage = await Stage.start(server, Logging, { logger: new Log(false), accessLog: true });
    await stage.call('fine');
    await stage.call('known');
    stage.caller.publish('logging.happened');
    await until(() => stage.log.find('info', /^event$/).length > 0);
    expect(stage.log.find('info', /^(request|event)$/)).toMatchObject([
      { handler: 'fine', kind: 'endpoint', subject: 'fine' },
      { handler: 'known', kind: 'endpoint', error: '404:no such thing' },
      { handler: 'happened', kind: 'event', subject: 'logging.happened' },
    ]);
  });

  it('with `accessLog` a stream is one line at its end, and so is what finds no place or is taken back', async () => {
    await using stage = await Stage.start(server, Busy, { logger: new Log(false), accessLog: true });
    const client = new ServiceClient(stage.caller);
    const accesses = () =>
      stage.log.find('info', /^request$/).map(({ handler, kind, error }) => [handler, kind, error]);
    for await (const item of client.stream('count', undefined)) {
      if (item === 1) expect(accesses()).toEqual([]);
      goOn();
    }
    await until(() => accesses().length === 1);
    busy = 0;
    const leaving = new AbortController();
    const call = client.call('wait', undefined, { signal: leaving.signal }).catch(() => undefined);
    await until(() => busy > 0);
    await stage.call('wait');
    leaving.abort();
    await call;
    await until(() => accesses().length === 3);
    expect(accesses()).toEqual([
      ['count', 'endpoint', undefined],
      ['wait', 'endpoint', '503:too many requests; try again later'],
      ['wait', 'endpoint', expect.stringMatching(/^499:/)],
    ]);
  });

  it('with `accessLog` nothing is made for a logger that does not want the level info', async () => {
    const lines: string[] = [];
    const note = (_: object, message: string): void => void lines.push(message);
    const logger = { debug: note, info: note, warn: note, error: note, isLevelEnabled: () => false };
    const host = await NatsServiceFactory.create(Logging, {
      connection: { servers: server.url },
      logger,
      accessLog: true,
      signals: false,
    });
    await host.connection.request('fine');
    await host.stop();
    expect(lines).not.toContain('request');
  });

  it('`logger: false` says nothing at all', async () => {
    const written: unknown[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((chunk) => written.push(chunk) > 0),
    );
    try {
      const host = await NatsServiceFactory.create(Logging, { connection: { servers: server.url }, logger: false });
      await host.connection.request('unknown').catch(() => undefined);
      await host.stop();
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    expect(written).toEqual([]);
  });
});

/** What was logged, without what a start finds out about JetStream. */
function linesOf(stage: Stage): LogLine[] {
  return stage.log.lines.filter(({ message }) => !message.startsWith('not checked whether streams capture'));
}
