import { join } from 'node:path';
import { useChildren } from '#test/child';
import { onEachServer } from '#test/matrix';

/** A span as the receiver prints it. */
interface Line {
  readonly service: string;
  readonly scope: string;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

onEachServer((server) => {
  describe('spans of two processes', () => {
    const start = useChildren(join(__dirname, 'processes'));

    it('are one tree in the process that receives them by OTLP', async () => {
      const receiver = start('receiver.ts', {});
      await receiver.wrote(/listening \d+\n/);
      const [, port] = /listening (\d+)/.exec(receiver.stdout) ?? [];
      const environment = { NATS_URL: server.url, COLLECTOR: `http://127.0.0.1:${port}/v1/traces`, LOG_LEVEL: 'info' };
      const service = start('traced.ts', { ...environment });
      await service.wrote('ready');
      const caller = start('traced.ts', { ...environment, ROLE: 'caller' });
      await caller.wrote('counted 7');
      expect(await caller.exit).toMatchObject({ code: 0 });
      service.kill('SIGTERM');
      expect(await service.exit).toMatchObject({ code: 0 });
      await receiver.wrote(/"traceId"/g, { times: 3 });
      const spans = receiver.stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Line);
      const of = (name: string, kind: number) => spans.find((span) => span.name === name && span.kind === kind);
      const call = of('warehouse/count', 3);
      const request = of('warehouse/count', 2);
      const shelf = of('look at the shelf', 1);
      expect([call?.parentSpanId, request?.parentSpanId, shelf?.parentSpanId]).toEqual([
        undefined,
        call?.spanId,
        request?.spanId,
      ]);
      expect([call?.scope, request?.scope]).toEqual(['@natsmith/opentelemetry', '@natsmith/opentelemetry']);
      expect([call?.service, request?.service, shelf?.service]).toEqual(['caller', 'warehouse', 'warehouse']);
      expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
      const traceId = Buffer.from(call?.traceId ?? '', 'base64').toString('hex');
      expect(service.stdout).toMatch(new RegExp(`"traceId":"${traceId}".*"msg":"counting"`));
    });
  });
});
