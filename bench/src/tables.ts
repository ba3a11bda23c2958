import type { Result } from './compare';
import type { CallerResult } from './compare-callers';
import type { ConsumerResult } from './compare-consumers';
import type { DiscoveryResult } from './discovery';

/** Of a suite of services. */
export function serviceTable(results: readonly Result[]): string {
  return table(
    ['service', 'CPU per request', 'µs', 'throughput', 'p50 at 1', 'p99 at 1', 'memory, MB'],
    results.map(({ name, cpu, interval, microseconds, throughput, p50, p99, memory }) => [
      name,
      ratioOf(cpu, interval),
      ...[microseconds, throughput, p50, p99].map(two),
      memory.toFixed(0),
    ]),
  );
}

/** Of a suite of callers. */
export function callerTable(results: readonly CallerResult[]): string {
  return table(
    ['caller', 'CPU', 'rate', 'per second'],
    results.map(({ name, cpu, interval, rate, perSecond }) => [
      name,
      ratioOf(cpu, interval),
      two(rate),
      perSecond.toFixed(0),
    ]),
  );
}

/** Of a suite of consumers. */
export function consumerTable(results: readonly ConsumerResult[]): string {
  return table(
    ['consumer', 'CPU per message', 'µs', 'per second', 'socket writes per message'],
    results.map(({ name, cpu, interval, microseconds, perSecond, writesPerMessage }) => [
      name,
      ratioOf(cpu, interval),
      two(microseconds),
      perSecond.toFixed(0),
      writesPerMessage.toFixed(3),
    ]),
  );
}

/** Milliseconds of starts, beside those of the two services by hand. */
export function startUpTable(times: ReadonlyMap<string, number>): string {
  const plain = times.get('by hand, nats 2') ?? NaN;
  const validated = times.get('by hand, class-validator') ?? NaN;
  return table(
    ['service', 'ms', 'over by hand', 'over by hand with class-validator'],
    [...times].map(([name, ms]) => [name, ms.toFixed(0), two(ms / plain), two(ms / validated)]),
  );
}

export function discoveryTable(results: readonly DiscoveryResult[]): string {
  const whats = new Set(results.flatMap(({ figures }) => Object.keys(figures)));
  return table(
    ['', ...results.map(({ name }) => name)],
    [...whats].map((what) => [what, ...results.map(({ figures }) => significant(figures[what] ?? NaN))]),
  );
}

/** What a program found out, one figure in a line. */
export function figureTable(figures: Readonly<Record<string, number | string>>): string {
  return table(
    ['', ''],
    Object.entries(figures).map(([what, value]) => [what, typeof value === 'string' ? value : significant(value)]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function ratioOf(ratio: number, interval: readonly [number, number]): string {
  return `**${two(ratio)}** (${interval.map(two).join(' to ')})`;
}

function two(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(2);
}

function significant(value: number): string {
  if (Number.isNaN(value)) return '';
  return Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
