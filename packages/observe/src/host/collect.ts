import type { HandlerStats, HandlerStatus } from '@natsmith/core';
import { Metrics, type Family, type Labels } from '../exposition/metric';
import type { ConnectionCounts } from './connection-counts';
import type { Exemplars } from './exemplars';
import * as metric from './metrics';
import type { ObservedHost } from './observed';

/** Reads the numbers of a host. Labels are names that somebody wrote in the code, never what a message brings. */
export async function collect(
  host: ObservedHost,
  connection: ConnectionCounts,
  exemplars: Exemplars,
): Promise<readonly Family[]> {
  const all = await Promise.all(host.services.map((service) => service.stats()));
  const metrics = new Metrics();
  for (const [index, { id, name: service, version, endpoints }] of all.entries()) {
    const labelsOf = ({ name, kind }: Pick<HandlerStatus, 'name' | 'kind'>): Labels => ({
      service,
      version,
      handler: name,
      kind,
    });
    for (const one of endpoints) addHandler(metrics, labelsOf(one), one, exemplars.of({ ...one, id }));
    for (const one of host.services[index]?.handlers ?? [])
      metrics.add(metric.TAKING, labelsOf(one), Number(one.isTaking));
  }
  connection.addTo(metrics);
  return metrics.families;
}

function addHandler(
  metrics: Metrics,
  labels: Labels,
  { measures, gauges }: HandlerStats,
  exemplars: ReturnType<Exemplars['of']>,
): void {
  const { durations, errors, inFlight, waiting, shed, counts } = measures;
  metrics.add(metric.DURATION, labels, { ...durations, exemplars });
  for (const [code, count] of Object.entries(errors)) metrics.add(metric.ERRORS, { ...labels, code }, count);
  metrics.add(metric.IN_FLIGHT, labels, inFlight);
  metrics.add(metric.WAITING, labels, waiting);
  metrics.add(metric.SHED, labels, shed);
  for (const [name, value] of Object.entries(counts)) addKnown(metrics, metric.COUNTS, name, labels, value);
  for (const [name, value] of Object.entries(gauges)) addKnown(metrics, metric.GAUGES, name, labels, value);
}

/** What other kinds count and measure is theirs to name; what has no metric here is left out. */
function addKnown(metrics: Metrics, known: typeof metric.COUNTS, name: string, labels: Labels, value: number): void {
  const found = known.get(name);
  if (found !== undefined && Number.isFinite(value)) metrics.add(found, labels, value);
}
