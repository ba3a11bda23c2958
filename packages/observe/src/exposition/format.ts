/** How metrics are written. */
export interface Format {
  readonly contentType: string;
  /** OpenMetrics names the family of a counter without `_total`; Prometheus's text with it; what both read, not at all. */
  readonly counters: 'without suffix' | 'with suffix' | 'untyped';
  readonly hasExemplars: boolean;
  readonly isOpenMetrics: boolean;
}

const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** For those who ask for it, as Prometheus does. */
export const OPEN_METRICS: Format = {
  contentType: OPEN_METRICS_TYPE,
  counters: 'without suffix',
  hasExemplars: true,
  isOpenMetrics: true,
};

/** For those who ask for nothing in particular: OpenMetrics that readers of Prometheus's text (`promtool`) read, too. */
export const PLAIN_OPEN_METRICS: Format = {
  contentType: OPEN_METRICS_TYPE,
  counters: 'untyped',
  hasExemplars: false,
  isOpenMetrics: true,
};

/** Prometheus's own text format. */
export const PROMETHEUS_TEXT: Format = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  counters: 'with suffix',
  hasExemplars: false,
  isOpenMetrics: false,
};

const TYPES = new Map<string, Format>([
  ['application/openmetrics-text', OPEN_METRICS],
  ['text/plain', PROMETHEUS_TEXT],
  ['text/*', PROMETHEUS_TEXT],
  ['*/*', PLAIN_OPEN_METRICS],
  ['application/*', PLAIN_OPEN_METRICS],
]);

/** The format that a request wants most, by its header `Accept`; where two are wanted alike, the first. */
export function formatFor(accept: string | undefined): Format {
  let best: Format | undefined;
  let most = 0;
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const format = TYPES.get(type);
    const quality = qualityIn(parameters);
    if (format === undefined || quality <= most) continue;
    best = format;
    most = quality;
  }
  return best ?? PLAIN_OPEN_METRICS;
}

function qualityIn(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  if (given === undefined) return 1;
  const quality = Number(given.slice(2));
  return quality >= 0 && quality <= 1 ? quality : 0;
}
