import { createNoopMeter, metrics, ProxyTracer, trace, type Meter, type Tracer } from '@opentelemetry/api';

const NAME = '@natsmith/opentelemetry';

/** The tracer of the SDK that the program has registered; undefined while there is none. */
export function registeredTracer(): Tracer | undefined {
  const tracer = trace.getTracer(NAME);
  return tracer instanceof ProxyTracer ? undefined : tracer;
}

const NoopMeter = createNoopMeter().constructor;

/** The meter of the SDK that the program has registered; undefined while there is none. */
export function registeredMeter(): Meter | undefined {
  const meter = metrics.getMeter(NAME);
  return meter instanceof NoopMeter ? undefined : meter;
}
