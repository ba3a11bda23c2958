import { subjectsOverlap } from '@natsmith/protocol';
import { endpointsIn, shown, type Instance } from './instance';
import type { Fields } from './wire';

interface Listener {
  readonly service: unknown;
  readonly endpoint: unknown;
  readonly subject: string;
  readonly group: string;
}

/** Endpoints of other services that are looked at. */
const MAX_OTHERS = 5_000;

/** Looks for endpoints, of the same service or another, that share a queue group and a subject: each loses messages. */
export function checkNeighbours({ name, findings }: Instance, info: Fields, all: readonly Fields[]): void {
  const others = all
    .filter((one) => one.name !== name)
    .flatMap(listeners)
    .slice(0, MAX_OTHERS);
  const own = listeners(info);
  for (const [i, one] of own.entries()) {
    const rivals = [...others, ...own.slice(i + 1)].filter(
      (other) => other.group === one.group && one.group !== '' && subjectsOverlap(one.subject, other.subject),
    );
    // Those on the very subject of another endpoint of the same service may be meant as one.
    const rival = rivals.find(({ service, subject }) => service !== name || subject !== one.subject) ?? rivals[0];
    const isMeant = rival?.service === name && rival.subject === one.subject;
    findings.check(
      'shared-messages',
      rival === undefined,
      `${name} endpoint ${shown(one.endpoint)}`,
      () => {
        const whose = rival?.service === name ? 'the same service' : `service ${shown(rival?.service)}`;
        return `${one.subject} and ${rival?.subject ?? ''} (endpoint ${shown(rival?.endpoint)} of ${whose}) share the queue group "${one.group}"`;
      },
      isMeant ? 'warning' : 'error',
    );
  }
}

function listeners(info: Fields): Listener[] {
  return endpointsIn(info).flatMap(({ name: endpoint, subject, queue_group: group }) =>
    typeof subject === 'string' && typeof group === 'string' ? [{ service: info.name, endpoint, subject, group }] : [],
  );
}
