// A service whose spans go to a collector by OTLP, or with ROLE=caller a program that calls it.
import { Endpoint, NatsServiceFactory, Service, type RequestContext } from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { trace } from '@opentelemetry/api';
// #region setup
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { instrument } from '@natsmith/opentelemetry';

function startTracing(url: string, service: string): NodeTracerProvider {
  const exporter = new OTLPTraceExporter({ url });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  provider.register();
  instrument();
  return provider;
}
// #endregion setup

@Service({ name: 'warehouse', version: '1.0.0' })
class Warehouse {
  // #region own
  @Endpoint()
  count(item: string, ctx: RequestContext): number {
    trace.getActiveSpan()?.setAttribute('warehouse.item', item);
    ctx.log.info({ item }, 'counting');
    return trace.getTracer('warehouse').startActiveSpan('look at the shelf', (span) => {
      span.end();
      return 7;
    });
  }
  // #endregion own
}

async function serve(provider: NodeTracerProvider): Promise<void> {
  const host = await NatsServiceFactory.create(Warehouse);
  process.stdout.write('ready\n');
  await host.stopped;
  await provider.shutdown();
}

async function call(provider: NodeTracerProvider): Promise<void> {
  const client = await ServiceClient.connect();
  const warehouse = await client.service<Warehouse>('warehouse');
  process.stdout.write(`counted ${await warehouse.count('lamp')}\n`);
  await client.close();
  await provider.shutdown();
}

const provider = startTracing(process.env.COLLECTOR ?? '', process.env.ROLE ?? 'warehouse');
void (process.env.ROLE === 'caller' ? call(provider) : serve(provider));
