import { subjectsOverlap } from '@natsmith/protocol';
import type { HandlerPlan } from './handler-plan';

/** All pairs of endpoints whose subjects overlap, the earlier one first. Literal subjects cost one look-up each. */
export function overlappingPairs<E extends Pick<HandlerPlan, 'subject'>>(endpoints: readonly E[]): [E, E][] {
  const pairs: [E, E][] = [];
  const literals = new Map<string, E[]>();
  const patterns: E[] = [];
  for (const later of endpoints) {
    const isPattern = /[*>]/.test(later.subject);
    const candidates = isPattern ? [...literals.values()].flat() : (literals.get(later.subject) ?? []);
    for (const earlier of [...candidates, ...patterns])
      if (subjectsOverlap(earlier.subject, later.subject)) pairs.push([earlier, later]);
    if (isPattern) patterns.push(later);
    else literals.set(later.subject, [...(literals.get(later.subject) ?? []), later]);
  }
  return pairs;
}

/** Why two overlapping endpoints of one service cannot stand side by side, or undefined when they can. */
export function conflictWithin(earlier: HandlerPlan, later: HandlerPlan): string | undefined {
  if (!shareQueueGroup(earlier, later)) return undefined;
  if (earlier.subject === later.subject)
    return (
      `has the subject "${later.subject}" of ${earlier.where} too, in the same queue group "${later.queueGroup}"; each would ` +
      "take the other's messages, so change a subject, or give one another queue group"
    );
  return (
    `subject "${later.subject}" overlaps "${earlier.subject}" of ${earlier.where} in the queue group ` +
    `"${later.queueGroup}"; each would take the other's messages, so change a subject, or give one another queue group`
  );
}

/** Why two overlapping endpoints of different services cannot stand side by side, or undefined when they can. */
export function conflictBetween(earlier: HandlerPlan, later: HandlerPlan): string | undefined {
  if (!shareQueueGroup(earlier, later)) return undefined;
  return (
    `subject "${later.subject}" overlaps "${earlier.subject}" of ${earlier.where} in the queue group ` +
    `"${later.queueGroup}"; each service would lose messages to the other, so give one of them another queue group`
  );
}

function shareQueueGroup(a: HandlerPlan, b: HandlerPlan): boolean {
  return a.queueGroup !== '' && a.queueGroup === b.queueGroup;
}
