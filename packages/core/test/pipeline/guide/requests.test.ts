import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Endpoint, NatsServiceFactory, type RequestContext, Service, ServiceError } from '@natsmith/core';
import { testContext } from '@natsmith/testing';
import { onEachServer } from '#test/matrix';
import { Log } from '#test/log';
import { Stage } from '#test/stage';

// #region context
@Service({ name: 'documents', version: '1.0.0' })
class Documents {
  @Endpoint({ subject: 'documents.{id}.get' })
  get(_payload: undefined, ctx: RequestContext) {
    const language = ctx.headers.get('Accept-Language') ?? 'en';
    ctx.replyHeaders.set('Content-Language', language);
    return { id: ctx.params.id, language, servedBy: ctx.service.id };
  }

  @Endpoint({ timeout: 2000 })
  async convert(_payload: undefined, ctx: RequestContext) {
    if (ctx.deadline !== undefined && ctx.deadline.getTime() - Date.now() < 500)
      throw new ServiceError(504, 'too little time left to begin');
    await delay(100, undefined, { signal: ctx.signal }); // stops when the caller has given up
    return 'converted';
  }
}
// #endregion

// #region limits
@Service({ name: 'reports', version: '1.0.0', timeout: 5000, concurrency: 50 })
class Reports {
  @Endpoint({ timeout: 2000, concurrency: 2, maxPending: 10 })
  async build(_payload: undefined, { signal }: RequestContext) {
    await delay(50, undefined, { signal });
    return 'built';
  }
}
// #endregion

@Service({ name: 'archive', version: '1.0.0' })
class Archive {
  // #region log
  @Endpoint()
  store(name: string, { log }: RequestContext): string {
    log.info({ document: name }, 'storing');
    return `stored ${name}`;
  }
  // #endregion
}

onEachServer((server) => {
  it('the log of the guide says which request its lines belong to', async () => {
    await using stage = await Stage.start(server, Archive);
    expect((await stage.call('store', '"deed"')).value).toBe('stored deed');
    expect(stage.log.find('info', /storing/)).toMatchObject([
      { document: 'deed', service: 'archive', handler: 'store' },
    ]);
  });

  it('the context of the guide is what the guide says', async () => {
    await using stage = await Stage.start(server, Documents);
    const reply = await stage.call('documents.7.get', '', { headers: { 'Accept-Language': 'de' } });
    expect(reply.value).toMatchObject({ id: '7', language: 'de' });
    expect(reply.header('Content-Language')).toBe('de');
    expect((await stage.call('convert')).value).toBe('converted');
    expect((await stage.call('convert', '', { headers: { 'Natsmith-Timeout': '300' } })).code).toBe(504);
  });

  it('the limits of the guide are what the guide says', async () => {
    await using stage = await Stage.start(server, Reports);
    const codes = (await Promise.all(Array.from({ length: 14 }, () => stage.call('build')))).map(({ code }) => code);
    expect(codes.filter((code) => code === 200)).toHaveLength(12);
    expect(codes.filter((code) => code === 503)).toHaveLength(2);
  });

  it('the logger of the guide gets the lines of natsmith', async () => {
    const myLogger = new Log(true);
    const connection = { servers: server.url };
    // #region logger
    const host = await NatsServiceFactory.create(Reports, { connection, logger: myLogger });
    // #endregion
    await host.stop();
    expect(myLogger.of('info').map(({ message }) => message)).toEqual(['service started', 'service stopped']);
  });

  it('the stop of the guide ends everything', async () => {
    const connection = { servers: server.url };
    // #region stop
    const host = await NatsServiceFactory.create(Reports, { connection, stopTimeout: 5000, logger: false });
    void host.stopped.then((error) => error && console.error('stopped because of', error));
    await host.stop();
    // #endregion
    expect(host.connection.isClosed()).toBe(true);
  });
});

it('a handler is a plain method', () => {
  const ctx = testContext({ params: { id: '7' }, service: { id: 'me' } });
  expect(new Documents().get(undefined, ctx)).toEqual({ id: '7', language: 'en', servedBy: 'me' });
  expect(ctx.replyHeaders.get('Content-Language')).toBe('en');
});
