import type { Exemplar, Family, Histogram, Labels } from './metric';
import type { Format } from './format';

/** Writes metrics in a format. */
export function write(families: readonly Family[], format: Format): string {
  const lines = families.flatMap((family) => linesOf(family, format));
  if (format.isOpenMetrics) lines.push('# EOF');
  return lines.map((line) => `${line}\n`).join('');
}

function linesOf({ metric, samples }: Family, format: Format): string[] {
  const { name, type, help, unit } = metric;
  const known = type === 'counter' && format.counters === 'without suffix' ? name.replace(/_total$/, '') : name;
  const lines = [`# HELP ${known} ${escapeHelp(help)}`];
  if (type !== 'counter' || format.counters !== 'untyped') lines.push(`# TYPE ${known} ${type}`);
  // An untyped counter ends in "_total", and a unit has to be the end of its name.
  if (unit !== undefined && format.isOpenMetrics && known.endsWith(`_${unit}`)) lines.push(`# UNIT ${known} ${unit}`);
  for (const { labels, value } of samples)
    if (typeof value === 'number') lines.push(`${name}${labelsOf(labels)} ${numberOf(value)}`);
    else lines.push(...histogramLines(name, labels, value, format.hasExemplars));
  return lines;
}

function histogramLines(name: string, labels: Labels, histogram: Histogram, hasExemplars: boolean): string[] {
  const { bounds, counts, sum, exemplars } = histogram;
  let count = 0;
  const buckets = counts.map((own, bucket) => {
    count += own;
    const le = boundOf(bounds[bucket] ?? Infinity);
    // After a reset there may be one of a message that does not count any more.
    const exemplar = hasExemplars && own > 0 ? exemplars?.[bucket] : undefined;
    return `${name}_bucket${labelsOf({ ...labels, le })} ${count}${exemplarOf(exemplar)}`;
  });
  return [...buckets, `${name}_sum${labelsOf(labels)} ${numberOf(sum)}`, `${name}_count${labelsOf(labels)} ${count}`];
}

function exemplarOf(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  const { traceId, value, time } = exemplar;
  return ` # ${labelsOf({ trace_id: traceId })} ${numberOf(value)} ${time.toFixed(3)}`;
}

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** The same in all formats, so that a series keeps its name: OpenMetrics wants a whole bound as `1.0`. */
function boundOf(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : numberOf(bound);
}

function numberOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

/** Readers of either format stumble over control characters. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\0-\t\v-\x1f\x7f]/g;

function escapeValue(value: string): string {
  return value.replace(CONTROL, '\ufffd').replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

function escapeHelp(help: string): string {
  return help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
}
