import { join } from 'node:path';
import { NatsServiceFactory, Service, Endpoint, type FactoryOptions } from '@natsmith/core';
import { Child } from '#test/child';
import { Log } from '#test/log';
import { onEachServer } from '#test/matrix';

onEachServer((server) => {
  it('what `redact` names is not in the log', async () => {
    const child = Child.start(join(__dirname, 'processes', 'redacting.ts'), {
      NATS_URL: server.url,
      LOG_LEVEL: 'info',
    });
    expect(await child.exit).toMatchObject({ code: 0 });
    const lines = child.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: 'handler failed',
        service: 'shop',
        handler: 'pay',
        err: expect.objectContaining({
          message: 'card refused',
          card: '[Redacted]',
          shop: 17,
          payer: { card: '[Redacted]', name: 'Ann' },
        }) as object,
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'paying', order: { card: '[Redacted]', article: 'pear' } }),
    );
    expect(child.output).not.toContain('4111');
  });
});

describe('`redact`', () => {
  @Service({ name: 'shop', version: '1.0.0' })
  class Shop {
    @Endpoint()
    pay(): void {}
  }

  it.each<[string, FactoryOptions, RegExp]>([
    [
      'is refused beside a logger of its own',
      { redact: ['err.card'], logger: new Log() },
      /pino\(\{ redact: \[\.\.\.\] \}\)/,
    ],
    ['is refused with a path that pino does not take', { redact: ['err['] }, /option "redact" of create\(\): .*err\[/],
    ['is refused where it is not a list of paths', { redact: [''] }, /"redact" that must be paths of log lines/],
  ])('%s', async (_, options, message) => {
    await expect(NatsServiceFactory.create(Shop, options)).rejects.toThrow(message);
  });
});
