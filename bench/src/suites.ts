import type { Exchange } from './load';

/** One service in one way of working. */
export interface Entry {
  readonly name: string;
  readonly service: string;
  readonly variant: string;
  readonly exchange: (subject: string) => Exchange;
}

/** Services that get the same load side by side; the first is what the others are compared with. */
export interface Suite {
  readonly title: string;
  readonly entries: readonly Entry[];
}

const TWO = '{"a":17,"b":25}';

function expecting(expected: string): (body: string) => void {
  return (body) => {
    if (body !== expected) throw new Error(`reply ${JSON.stringify(body)} instead of ${JSON.stringify(expected)}`);
  };
}

const json =
  (payload = TWO, expected = '42', headers = '') =>
  (subject: string): Exchange => ({ subject, payload, headers, check: expecting(expected) });

const TENANT = 'X-Tenant: acme';

// NestJS and Moleculer speak envelopes of their own.
const nest = (subject: string): Exchange => ({
  subject,
  payload: `{"pattern":${JSON.stringify(subject)},"data":${TWO},"id":"1"}`,
  check(body) {
    if ((JSON.parse(body) as { response?: unknown }).response !== 42) throw new Error(`unexpected reply ${body}`);
  },
});

const moleculer = (subject: string): Exchange => {
  const node = subject.replaceAll('.', '-');
  return {
    subject: `MOL.REQ.${node}`,
    replySubject: `MOL.RES.bench-${node}`,
    payload: JSON.stringify({
      ver: '4',
      sender: `bench-${node}`,
      id: '1',
      action: 'bench.add',
      params: JSON.parse(TWO) as object,
      meta: {},
      timeout: 0,
      level: 1,
      tracing: null,
      parentID: null,
      requestID: '1',
      stream: false,
    }),
    check(body) {
      if ((JSON.parse(body) as { data?: unknown }).data !== 42) throw new Error(`unexpected reply ${body}`);
    },
  };
};

const order = (items: number): string =>
  JSON.stringify({ items: Array.from({ length: items }, () => ({ sku: 'apple', quantity: 1 })) });

const twentyFields = JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, i])));

const byHand = (variant: string, exchange = json(), name = 'by hand, nats 2'): Entry => ({
  name,
  service: 'by-hand-2',
  variant,
  exchange,
});

const natsmith = (variant: string, exchange = json(), name = 'natsmith'): Entry => ({
  name,
  service: 'natsmith',
  variant,
  exchange,
});

const UNSAMPLED = `traceparent: 00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;

const traced = (variant: string, name: string, headers = ''): Entry => ({
  name,
  service: 'traced',
  variant,
  exchange: json(TWO, '42', headers),
});

const reference = byHand('plain');
const error = byHand('plain', json(), 'by hand, nats 2, second copy');

export const suites: Record<string, Suite> = {
  plain: {
    title: 'A request of 15 bytes, JSON in and out',
    entries: [
      reference,
      error,
      byHand('buffer', json(), 'by hand, nats 2, with Buffer'),
      { name: 'by hand, transport-node 3', service: 'by-hand-3', variant: 'plain', exchange: json() },
      { name: 'services module of nats 2', service: 'services-2', variant: 'plain', exchange: json() },
      { name: 'services module of nats.js 3', service: 'services-3', variant: 'plain', exchange: json() },
      natsmith('plain'),
      natsmith('nats-3', json(), 'natsmith on transport-node 3'),
      { name: 'Moleculer', service: 'moleculer', variant: 'plain', exchange: moleculer },
      { name: 'NestJS', service: 'nest', variant: 'plain', exchange: nest },
      { name: 'nats-micro', service: 'nats-micro', variant: 'plain', exchange: json() },
    ],
  },
  observed: {
    title: 'The plain request of natsmith, with metrics that are scraped once a second',
    entries: [
      natsmith('plain'),
      natsmith('plain', json(), 'natsmith, second copy'),
      natsmith('observed', json(), 'natsmith, observed'),
    ],
  },
  validated: {
    title: 'The same with a validated payload (two numbers)',
    entries: [
      reference,
      byHand('validated', json(), 'by hand, class-validator'),
      natsmith('validated', json(), 'natsmith, class-validator'),
      { name: 'NestJS, ValidationPipe', service: 'nest', variant: 'validated', exchange: nest },
    ],
  },
  'validated-more': {
    title: 'Larger validated payloads, against class-validator by hand',
    entries: [
      byHand('fields', json(twentyFields, '190'), 'by hand, 20 fields'),
      natsmith('fields', json(twentyFields, '190'), 'natsmith, 20 fields'),
    ],
  },
  nested: {
    title: 'A validated array of 20 objects, against class-validator by hand',
    entries: [
      byHand('nested', json(order(20), '20'), 'by hand, 20 items'),
      natsmith('nested', json(order(20), '20'), 'natsmith, 20 items'),
    ],
  },
  handlers: {
    title: 'What the handler does, against a plain one by hand',
    entries: [
      reference,
      byHand('async', json(), 'by hand, async'),
      natsmith('async', json(), 'natsmith, async'),
      byHand('io', json(), 'by hand, waits for I/O'),
      natsmith('io', json(), 'natsmith, waits for I/O'),
      byHand('header-in', json(TWO, '42', TENANT), 'by hand, reads a header'),
      natsmith('header-in', json(TWO, '42', TENANT), 'natsmith, reads a header'),
      byHand('header-out', json(), 'by hand, sets a header'),
      natsmith('header-out', json(), 'natsmith, sets a header'),
      natsmith('middleware', json(), 'natsmith, one middleware'),
      byHand('bytes', json(TWO, TWO), 'by hand, bytes echoed'),
      natsmith('bytes', json(TWO, TWO), 'natsmith, bytes echoed'),
    ],
  },
  traced: {
    title: 'Traces and metrics by OpenTelemetry, against none',
    entries: [
      natsmith('plain'),
      natsmith('plain', json(), 'natsmith, second copy'),
      traced('no-channels', 'natsmith, its channels taken out'),
      traced('no-sdk', 'OpenTelemetry without an SDK'),
      traced('samples-1-percent', 'SDK, samples 1 %'),
      traced('sample-ratio-1-percent', 'SDK, with sampleRatio: 0.01'),
      traced('samples-1-percent', 'SDK, samples 1 %, for callers whose trace is not recorded', UNSAMPLED),
      traced('sample-ratio-1-percent', 'SDK, with sampleRatio: 0.01, for the same callers', UNSAMPLED),
      traced('by-hand-1-percent', 'SDK, samples 1 %, a span by hand in the handler'),
      natsmith('plain', json(TWO, '42', UNSAMPLED), 'natsmith, without OpenTelemetry, for the same callers'),
      traced('samples-all', 'SDK, samples all'),
      traced('metrics', 'SDK, metrics alone'),
    ],
  },
  endpoints: {
    title: 'One of 1,000 endpoints, against the only one',
    entries: [natsmith('plain'), natsmith('many', json(), 'natsmith, 1,000 endpoints')],
  },
};
