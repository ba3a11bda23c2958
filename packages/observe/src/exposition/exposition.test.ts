import { formatFor, OPEN_METRICS, PLAIN_OPEN_METRICS, PROMETHEUS_TEXT } from './format';
import { Metrics, type Metric } from './metric';
import { write } from './write';

const ERRORS: Metric = { name: 'x_errors_total', type: 'counter', help: 'Errors.' };
const BYTES: Metric = { name: 'x_read_bytes_total', type: 'counter', unit: 'bytes', help: 'Bytes.' };
const DURATION: Metric = { name: 'x_duration_seconds', type: 'histogram', unit: 'seconds', help: 'How long.' };
const UP: Metric = { name: 'x_up', type: 'gauge', together: 'least', help: 'Whether "all" is\nwell: \\o/' };

describe('the format of metrics', () => {
  it.each([
    [undefined, PLAIN_OPEN_METRICS],
    ['', PLAIN_OPEN_METRICS],
    ['*/*', PLAIN_OPEN_METRICS],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', PLAIN_OPEN_METRICS],
    ['text/plain', PROMETHEUS_TEXT],
    ['text/plain;version=0.0.4', PROMETHEUS_TEXT],
    ['text/*;q=0.3, */*;q=0.1', PROMETHEUS_TEXT],
    ['application/openmetrics-text', OPEN_METRICS],
    ['APPLICATION/OpenMetrics-Text; version=1.0.0 ; Q=0.9, text/plain;q=0.5', OPEN_METRICS],
    ['application/openmetrics-text;q=0.2,text/plain;q=0.5', PROMETHEUS_TEXT],
    ['application/openmetrics-text;q=0,text/plain', PROMETHEUS_TEXT],
    ['application/openmetrics-text;q=x,text/plain;q=0.1', PROMETHEUS_TEXT],
    ['application/json', PLAIN_OPEN_METRICS],
    [`${'a,'.repeat(4000)}text/plain`, PROMETHEUS_TEXT],
    // As Prometheus 2 and 3 ask.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      OPEN_METRICS,
    ],
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1',
      OPEN_METRICS,
    ],
  ])('is chosen by Accept: %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });
});

describe('metrics that are written', () => {
  const metrics = new Metrics();
  const labels = { service: 'a"b\\c\nd\r\0' };
  metrics.add(ERRORS, { ...labels, code: '500' }, 2);
  metrics.add(ERRORS, { ...labels, code: '500' }, 1);
  metrics.add(BYTES, {}, 5);
  const exemplars = [undefined, { traceId: 'abc', value: 0.7, time: 12.3456 }, { traceId: 'gone', value: 3, time: 1 }];
  metrics.add(DURATION, labels, { bounds: [0.5, 1], counts: [2, 1, 0], sum: 1.5, exemplars });
  metrics.add(DURATION, labels, { bounds: [0.5, 1], counts: [1, 0, 0], sum: 0.25 });
  metrics.add(UP, {}, 1);
  metrics.add(UP, {}, 0);

  const escaped = 'service="a\\"b\\\\c\\nd\ufffd\ufffd"';

  it('are OpenMetrics', () => {
    expect(write(metrics.families, OPEN_METRICS).split('\n')).toEqual([
      '# HELP x_errors Errors.',
      '# TYPE x_errors counter',
      `x_errors_total{${escaped},code="500"} 3`,
      '# HELP x_read_bytes Bytes.',
      '# TYPE x_read_bytes counter',
      '# UNIT x_read_bytes bytes',
      'x_read_bytes_total 5',
      '# HELP x_duration_seconds How long.',
      '# TYPE x_duration_seconds histogram',
      '# UNIT x_duration_seconds seconds',
      `x_duration_seconds_bucket{${escaped},le="0.5"} 3`,
      `x_duration_seconds_bucket{${escaped},le="1.0"} 4 # {trace_id="abc"} 0.7 12.346`,
      `x_duration_seconds_bucket{${escaped},le="+Inf"} 4`,
      `x_duration_seconds_sum{${escaped}} 1.75`,
      `x_duration_seconds_count{${escaped}} 4`,
      '# HELP x_up Whether "all" is\\nwell: \\\\o/',
      '# TYPE x_up gauge',
      'x_up 0',
      '# EOF',
      '',
    ]);
  });

  it("are Prometheus's text, with the same series", () => {
    const text = write(metrics.families, PROMETHEUS_TEXT);
    expect(text).toMatch(/^# HELP x_errors_total Errors\.\n# TYPE x_errors_total counter\n/);
    expect(text).not.toMatch(/UNIT|EOF|trace_id/);
    const seriesIn = (written: string) =>
      written
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.replace(/ # .*/, ''));
    expect(seriesIn(text)).toEqual(seriesIn(write(metrics.families, OPEN_METRICS)));
  });

  it('are what both read: counters have no type, and there are no exemplars', () => {
    const text = write(metrics.families, PLAIN_OPEN_METRICS);
    expect(text).toMatch(/^# HELP x_errors_total Errors\.\nx_errors_total\{/);
    expect(text).toMatch(/\n# UNIT x_duration_seconds seconds\n/);
    expect(text).not.toMatch(/counter|trace_id/);
    expect(text).toMatch(/\n# EOF\n$/);
  });
});
