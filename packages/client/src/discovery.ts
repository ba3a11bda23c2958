import { controlSubject, ERROR_HEADER, type Verb } from '@natsmith/protocol';
import { askAll, type GatherLimits } from './ask-all';
import { DiscoveryError, readDiscoveryReply, type Replies } from './discovery-reply';
import type { Gathered } from './gathered';
import type { Inbox } from './inbox';

/** A discovery reply, and how long it took. */
export type Discovered<Reply> = Reply & {
  /** Milliseconds from the request to this reply. */
  readonly rtt: number;
};

/** Asks running services about themselves (ADR-32, Discovery). */
export class Discovery {
  constructor(
    private readonly inbox: Inbox,
    private readonly limits: Required<GatherLimits>,
    /** `$SRV`, unless an account import gave it another name. */
    private readonly prefix: string,
  ) {}

  ask<V extends Verb>(verb: V, name = '', id = '', limits?: GatherLimits): Gathered<Discovered<Replies[V]>> {
    const subject = controlSubject(verb, name, id, this.prefix);
    return askAll<Discovered<Replies[V]>>(this.inbox, {
      subject,
      limits: { ...this.limits, ...limits },
      expected: id === '' ? Infinity : 1,
      read({ data, headers }, rtt) {
        const error = headers?.values(ERROR_HEADER)[0];
        if (error !== undefined) throw new Error(`${subject} was answered with the error "${error}"`);
        return { ...readDiscoveryReply(verb, data), rtt };
      },
      fail: (problems, found) =>
        new DiscoveryError(
          problems.map(({ message }) => message),
          found,
        ),
    });
  }
}
