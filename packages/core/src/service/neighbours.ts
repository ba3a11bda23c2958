import { ConnectionEvents, controlSubject, readDiscoveryReply, subjectsOverlap } from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { Connection } from '../nats/connection';
import type { HandlerPlan } from '../plan/handler-plan';
import type { ServicePlan } from '../plan/plan';
import type { Outlet } from '../reply/outlet';

/** Milliseconds that other services have to answer. */
const WAIT = 300;
/** Bytes of replies, and comparisons of subjects, that a start may cost. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_COMPARISONS = 200_000;
const MAX_WARNINGS = 10;
const INFO = controlSubject('INFO');

/**
 * Asks once who else runs, and warns of services of other names whose endpoints take messages from ours: those whose
 * subjects overlap in one queue group. Never rejects, and finds nothing where the user may not publish to `$SRV.INFO`.
 */
export function warnOfNeighbours(
  services: readonly ServicePlan[],
  connection: Connection,
  outlet: Outlet,
  logger: Logger,
): void {
  const neighbours = new Neighbours(services, logger);
  try {
    const inbox = `${outlet.newInbox()}.neighbours`;
    const events = ConnectionEvents.of(connection);
    events.expectRefusal('subscription', inbox);
    events.expectRefusal('publish', INFO);
    const stopListening = outlet.listen(
      inbox,
      ({ data }) => neighbours.add(data),
      () => undefined,
    );
    setTimeout(stopListening, WAIT).unref();
    outlet.publish(INFO, '', undefined, inbox);
  } catch (err) {
    logger.debug({ err }, 'other services cannot be asked for their subjects');
  }
}

interface Own {
  readonly service: string;
  readonly endpoint: HandlerPlan;
}

class Neighbours {
  private readonly names: ReadonlySet<string>;
  private readonly literals = new Map<string, Own[]>();
  private readonly patterns: Own[] = [];
  private readonly all: readonly Own[];
  private readonly warned = new Set<string>();
  private bytes = 0;
  private comparisons = 0;

  constructor(
    services: readonly ServicePlan[],
    private readonly logger: Logger,
  ) {
    this.names = new Set(services.map(({ name }) => name));
    this.all = services.flatMap(({ name, handlers }) =>
      handlers.filter(({ plan }) => plan.kind === 'endpoint').map(({ plan }) => ({ service: name, endpoint: plan })),
    );
    for (const own of this.all) {
      const { subject } = own.endpoint;
      if (/[*>]/.test(subject)) this.patterns.push(own);
      else this.literals.set(subject, [...(this.literals.get(subject) ?? []), own]);
    }
  }

  add(body: Uint8Array): void {
    this.bytes += body.length;
    if (body.length === 0 || this.bytes > MAX_BYTES || this.warned.size >= MAX_WARNINGS) return;
    let info;
    try {
      info = readDiscoveryReply('INFO', body);
    } catch {
      // Not ours to judge: `natsmith check` shows it to its owner.
      return;
    }
    // Two versions of one service may share its work; that is how instances share it, too.
    if (this.names.has(info.name)) return;
    for (const { subject, queue_group: queueGroup, metadata } of info.endpoints) {
      // Handlers of events and the like are listed too, and take nothing from others.
      if (queueGroup === '' || metadata.kind !== undefined) continue;
      const isPattern = /[*>]/.test(subject);
      const candidates = isPattern ? this.all : [...(this.literals.get(subject) ?? []), ...this.patterns];
      if ((this.comparisons += candidates.length + 1) > MAX_COMPARISONS) return;
      for (const { service, endpoint } of candidates)
        if (endpoint.queueGroup === queueGroup && subjectsOverlap(endpoint.subject, subject))
          this.warn(service, endpoint, info.name, info.id, subject);
    }
  }

  private warn(service: string, endpoint: HandlerPlan, other: string, id: string, subject: string): void {
    const key = `${endpoint.subject} ${other}`;
    if (this.warned.has(key) || this.warned.size >= MAX_WARNINGS) return;
    this.warned.add(key);
    this.logger.warn(
      { service, handler: endpoint.name, subject: endpoint.subject, other: { service: other, id, subject } },
      `service "${other}" answers on ${subject} in the queue group "${endpoint.queueGroup}", too, so it and "${service}" ` +
        "take each other's requests; change the subject of one, or its queue group",
    );
  }
}
