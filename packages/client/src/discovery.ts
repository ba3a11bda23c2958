import { CHUNKS_HEADER, controlSubject, ERROR_HEADER, headerBlock, headersIn, type Verb } from '@natsmith/protocol';
import { askAll, type GatherLimits } from './ask-all';
import { TAKES_CHUNKS } from './announced-reply';
import { DiscoveryError, readDiscoveryReply, type Replies } from './discovery-reply';
import type { Gathered } from './gathered';
import type { Inbox } from './inbox';

/** A discovery reply, and how long it took. */
export type Discovered<Reply> = Reply & {
  /** Milliseconds from the request to this reply. */
  readonly rtt: number;
};

const INFO_HEADERS = headerBlock([TAKES_CHUNKS]);

/** Asks running services about themselves (ADR-32, Discovery). */
export class Discovery {
  /** Replies to INFO of services that take payloads in chunks; said by a header, so kept out of what users see. */
  private readonly takingChunks = new WeakSet();

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
      ...(verb === 'INFO' && { headers: INFO_HEADERS }),
      limits: { ...this.limits, ...limits },
      expected: id === '' ? Infinity : 1,
      read: (message, rtt) => {
        const headers = headersIn(message);
        const error = headers?.get(ERROR_HEADER);
        if (error !== undefined) throw new Error(`${subject} was answered with the error "${error}"`);
        const reply = { ...readDiscoveryReply(verb, message.data), rtt };
        if (headers?.has(CHUNKS_HEADER) === true) this.takingChunks.add(reply);
        return reply;
      },
      fail: (problems, found) =>
        new DiscoveryError(
          problems.map(({ message }) => message),
          found,
        ),
    });
  }

  /** Whether the service that sent this reply to INFO takes payloads in chunks. */
  takesChunks(reply: object): boolean {
    return this.takingChunks.has(reply);
  }
}
