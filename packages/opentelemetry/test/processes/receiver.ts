// An OTLP/HTTP receiver: takes traces as an OpenTelemetry collector does, in the official protobuf form, and prints each
// span as a line of JSON.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as root from '@opentelemetry/otlp-transformer/build/src/generated/root';

interface OtlpSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status?: { readonly code?: number };
}
interface Request {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly OtlpSpan[] }[];
  }[];
}
interface Codec {
  decode(bytes: Uint8Array): unknown;
  toObject(message: unknown, options: { bytes: StringConstructor; longs: StringConstructor }): unknown;
}

const { v1 } = (
  root as unknown as {
    opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: Codec } } } } };
  }
).opentelemetry.proto.collector.trace;

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (request.url !== '/v1/traces' || request.headers['content-type'] !== 'application/x-protobuf') {
      response.writeHead(415).end();
      return;
    }
    const message = v1.ExportTraceServiceRequest.decode(Buffer.concat(parts));
    const { resourceSpans } = v1.ExportTraceServiceRequest.toObject(message, {
      bytes: String,
      longs: String,
    }) as Request;
    for (const { resource, scopeSpans } of resourceSpans)
      for (const { scope, spans } of scopeSpans)
        for (const { name, kind, traceId, spanId, parentSpanId, status } of spans) {
          const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue;
          const line = { service, scope: scope.name, name, kind, traceId, spanId, parentSpanId, status: status?.code };
          process.stdout.write(`${JSON.stringify(line)}\n`);
        }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`);
});
