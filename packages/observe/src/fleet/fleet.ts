import type { StatsResponse } from '@natsmith/protocol';
import { Metrics, type Family, type Labels } from '../exposition/metric';
import * as metric from './metrics';
import { RunningTotals } from './running-totals';

/** What the services of a NATS system answered to STATS. */
export interface FleetStats {
  readonly isConnected: boolean;
  /** As they were checked by who gathered them: names and numbers keep the rules of ADR-32. */
  readonly replies: readonly StatsResponse[];
  /** Replies that could not be used. */
  readonly unusable: number;
}

/** Endpoints that are shown, of all instances: an answer may hold many. */
const MAX_ENDPOINTS = 10_000;
/** Of a label; versions and names may be longer. */
const MAX_LENGTH = 128;

/** The numbers of all services, from what they answer to STATS (ADR-32). */
export class Fleet {
  private readonly totals = new RunningTotals();

  families({ isConnected, replies, unusable }: FleetStats): Family[] {
    const metrics = new Metrics();
    const seen = new Set<string>();
    let shown = 0;
    let leftOut = 0;
    for (const reply of replies) {
      // An id is one instance's; a second answer under it would count twice.
      const isFirst = !seen.has(reply.id);
      seen.add(reply.id);
      const room = isFirst ? Math.max(0, MAX_ENDPOINTS - shown) : 0;
      leftOut += Math.max(0, reply.endpoints.length - room);
      shown += Math.min(room, reply.endpoints.length);
      if (room > 0) this.addInstance(metrics, { ...reply, endpoints: reply.endpoints.slice(0, room) });
    }
    metrics.add(metric.CONNECTED, {}, Number(isConnected));
    metrics.add(metric.UNUSABLE, {}, unusable);
    metrics.add(metric.LEFT_OUT, {}, leftOut);
    return metrics.families;
  }

  private addInstance(metrics: Metrics, { name, version, id, started, endpoints }: StatsResponse): void {
    const service = { service: shortened(name), version: shortened(version) };
    metrics.add(metric.INSTANCES, service, 1);
    const startedAt = Date.parse(started);
    if (!Number.isNaN(startedAt)) metrics.add(metric.STARTED, { ...service, id: shortened(id) }, startedAt / 1000);
    const times = new Map<string, number>();
    for (const { name: handler, metadata, num_requests, num_errors, processing_time } of endpoints) {
      const labels: Labels = {
        ...service,
        id: shortened(id),
        handler: shortened(handler),
        kind: kindOf(metadata?.kind),
      };
      // Endpoints of different groups may have one name; they are distinguished by their order, and shown as one.
      const series = JSON.stringify([name, version, id, handler, labels.kind]);
      const time = times.get(series) ?? 0;
      times.set(series, time + 1);
      const { requests, errors, nanoseconds } = this.totals.update(`${series}${time}`, started, {
        requests: num_requests,
        errors: num_errors,
        nanoseconds: processing_time,
      });
      metrics.add(metric.REQUESTS, labels, requests);
      metrics.add(metric.ERRORS, labels, errors);
      metrics.add(metric.PROCESSING, labels, nanoseconds / 1e9);
    }
  }
}

/** Whatever a service says of it, there are few. */
function kindOf(kind: string | undefined): string {
  if (kind === undefined) return 'endpoint';
  return /^[a-z][a-z-]{0,31}$/.test(kind) ? kind : 'other';
}

function shortened(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`;
}
