import {
  checkOptions,
  CHUNKS_HEADER,
  controlSubject,
  ERROR_HEADER,
  headerBlock,
  headersIn,
  instanceIdProblem,
  nameProblem,
  readDiscoveryReply,
  subjectProblem,
  UnusableReply,
  type Replies,
  type ServiceIdentity,
  type Verb,
} from '@natsmith/protocol';
import { TAKES_CHUNKS } from '../stream/chunk-line';
import { checkedLimits, LIMIT_OPTIONS, requestMany, type CheckedLimits, type GatherLimits } from './request-many';
import { DiscoveryError } from './discovery-error';
import type { Gathered } from './replies';
import type { Inbox } from '../nats/inbox';

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
    private readonly limits: CheckedLimits,
    /** `$SRV`, unless an account import gave it another name. */
    private readonly prefix: string,
  ) {
    const problem = subjectProblem(prefix, 'none');
    if (problem !== undefined) throw new TypeError(`prefix ${problem}`);
  }

  /** @throws TypeError for a name, an id or limits that cannot be */
  ask<V extends Verb>(verb: V, name = '', id = '', limits: GatherLimits = {}): Gathered<Discovered<Replies[V]>> {
    checkOptions(limits, LIMIT_OPTIONS, `${verb.toLowerCase()}()`);
    const problem = name === '' ? undefined : nameProblem(name);
    if (problem !== undefined) throw new TypeError(`service name ${problem}`);
    if (id !== '' && name === '') throw new TypeError('an instance id needs the name of its service; give both');
    const idProblem = id === '' ? undefined : instanceIdProblem(id);
    if (idProblem !== undefined) throw new TypeError(`id ${idProblem}`);
    const subject = controlSubject(verb, name, id, this.prefix);
    return requestMany<Discovered<Replies[V]>>(this.inbox, {
      subject,
      ...(verb === 'INFO' && { headers: INFO_HEADERS }),
      limits: checkedLimits(limits, this.limits),
      expected: id === '' ? Infinity : 1,
      read: (message, rtt) => {
        const headers = headersIn(message);
        const error = headers?.get(ERROR_HEADER);
        if (error !== undefined) throw new UnusableReply(`${subject} was answered with the error "${error}"`);
        const reply = { ...readDiscoveryReply(verb, message.data), rtt };
        checkAddressee(reply, name, id);
        if (headers?.has(CHUNKS_HEADER) === true) this.takingChunks.add(reply);
        return reply;
      },
      ...(id !== '' && { fail: (problems) => new DiscoveryError(problems) }),
    });
  }

  /** Whether the service that sent this reply to INFO takes payloads in chunks. */
  takesChunks(reply: object): boolean {
    return this.takingChunks.has(reply);
  }
}

/** A service that listens on the discovery subject of a name may answer with another one. */
function checkAddressee(reply: ServiceIdentity, name: string, id: string): void {
  if ((name === '' || reply.name === name) && (id === '' || reply.id === id)) return;
  const asked = id === '' ? `"${name}"` : `"${name}" (id ${id})`;
  throw new UnusableReply(`service "${reply.name}" (id ${reply.id}) answered for service ${asked}`, {
    name: reply.name,
    id: reply.id,
  });
}
