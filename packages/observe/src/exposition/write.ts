import type { Exemplar, Family, Histogram, Labels } from './metric';
import type { Format } from './format';

/** Writes metrics in a format. */
export function write(families: readonly Family[], format: Format): string {
  // Concatenated, and each set of labels written once: a page of a thousand handlers has twenty thousand lines.
  const labelTexts = new Map<Labels, string>();
  const textOf = (labels: Labels): string => {
    let text = labelTexts.get(labels);
    if (text === undefined) labelTexts.set(labels, (text = pairsOf(labels)));
    return text;
  };
  let page = '';
  for (const family of families) page += familyText(family, format, textOf);
  return format.isOpenMetrics ? `${page}# EOF\n` : page;
}

/** The labels as they stand between braces. */
type TextOf = (labels: Labels) => string;

function familyText({ metric, samples }: Family, format: Format, textOf: TextOf): string {
  const { name, type, help, unit } = metric;
  const known = type === 'counter' && format.counters === 'without suffix' ? name.replace(/_total$/, '') : name;
  let text = `# HELP ${known} ${escapeHelp(help)}\n`;
  if (type !== 'counter' || format.counters !== 'untyped') text += `# TYPE ${known} ${type}\n`;
  // An untyped counter ends in "_total", and a unit has to be the end of its name.
  if (unit !== undefined && format.isOpenMetrics && known.endsWith(`_${unit}`)) text += `# UNIT ${known} ${unit}\n`;
  for (const { labels, value } of samples)
    if (typeof value === 'number') text += `${name}${inBraces(textOf(labels))} ${numberOf(value)}\n`;
    else text += histogramText(name, textOf(labels), value, format.hasExemplars);
  return text;
}

function histogramText(name: string, labels: string, histogram: Histogram, hasExemplars: boolean): string {
  const { bounds, counts, sum, exemplars } = histogram;
  const bucketStart = `${name}_bucket{${labels === '' ? '' : `${labels},`}le="`;
  const limits = limitsOf(bounds);
  let text = '';
  let count = 0;
  for (const [bucket, own] of counts.entries()) {
    count += own;
    // After a reset there may be one of a message that does not count any more.
    const exemplar = hasExemplars && own > 0 ? exemplars?.[bucket] : undefined;
    text += `${bucketStart}${limits[bucket]}"} ${count}${exemplarOf(exemplar)}\n`;
  }
  return `${text}${name}_sum${inBraces(labels)} ${numberOf(sum)}\n${name}_count${inBraces(labels)} ${count}\n`;
}

function exemplarOf(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  const { traceId, value, time } = exemplar;
  return ` # {${pairsOf({ trace_id: traceId })}} ${numberOf(value)} ${time.toFixed(3)}`;
}

function inBraces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function pairsOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeValue(value)}"`)
    .join(',');
}

/** By the bounds of a histogram, which all handlers share: how its buckets are called. */
const knownLimits = new WeakMap<readonly number[], readonly string[]>();

function limitsOf(bounds: readonly number[]): readonly string[] {
  let texts = knownLimits.get(bounds);
  if (texts === undefined) knownLimits.set(bounds, (texts = [...bounds, Infinity].map(boundOf)));
  return texts;
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
