import { isInbox, subjectProblem, subjectsOverlap } from '@natsmith/protocol';

/** What a nats-server puts before a reply subject that comes from another cluster of a supercluster. */
const FROM_OTHER_CLUSTER = /^_GR_\.[^.]+\.[^.]+\./;
/** `$JS.ACK.<stream>.<consumer>.…`: 9 tokens, or 11 and more with a domain and an account. */
const ACKNOWLEDGEMENT = /^\$JS\.ACK(\.[^.]+){7,10}$/;
/** Letters, digits and what prefixes and tokens are made of, in tokens that are not empty. */
const PLAIN = /^[A-Za-z0-9-](?:[A-Za-z0-9_-]|\.(?!\.|$))*$/;
const MAX_PLAIN = 256;

/**
 * Checks the subjects that a request names, before anything is published to them: a service publishes with its own
 * rights, and the sender of a message must not borrow them.
 */
export class ReplySubjects {
  private readonly ownSubjects = new Set<string>();
  private readonly ownPatterns = new Set<string>();
  private areInboxesForeign = true;

  /** @param inboxes prefixes of inboxes besides `_INBOX` and `_R_` */
  constructor(readonly inboxes: readonly string[] = []) {}

  /** Notes a subject that the host subscribes: a reply to it would come back as a request. */
  addOwn(subject: string): void {
    (/[*>]/.test(subject) ? this.ownPatterns : this.ownSubjects).add(subject);
    if (subjectsOverlap(subject, '_INBOX.>')) this.areInboxesForeign = false;
  }

  /** Whether a reply may go wherever `_INBOX.` begins its subject; not so where the host subscribes such subjects. */
  get acceptsEveryInbox(): boolean {
    return this.areInboxesForeign;
  }

  /** Why no reply may go to a subject, or undefined when one may: one message for the one that named it. */
  replyProblem(subject: string): string | undefined {
    // Most subjects of clients with an inbox prefix of their own end here, before the checks that cost more.
    if (isPlain(subject) && !this.isOwn(subject)) return undefined;
    const problem = subjectProblem(subject, 'none');
    if (problem !== undefined) return `the reply subject ${problem}`;
    const target = subject.replace(FROM_OTHER_CLUSTER, '');
    if (target.startsWith('$') && !isAcknowledgement(subject))
      return `the reply subject ${JSON.stringify(subject)} is a system subject; request with an inbox`;
    if (this.isOwn(target))
      return `the reply subject ${JSON.stringify(subject)} is an endpoint of the same host; request with an inbox`;
    return undefined;
  }

  /** Why a stream, an upload or a body in chunks may not go to a subject, or undefined when it may. */
  streamProblem(subject: string): string | undefined {
    const problem = this.replyProblem(subject);
    if (problem !== undefined) return problem;
    if (isInbox(subject.replace(FROM_OTHER_CLUSTER, ''), this.inboxes)) return undefined;
    return (
      `${JSON.stringify(subject)} is not an inbox, and streams go only to inboxes ("_INBOX.", "_R_."); ` +
      'for clients with an inbox prefix of their own, name it in the option "inboxes" of create()'
    );
  }

  private isOwn(subject: string): boolean {
    if (this.ownSubjects.has(subject)) return true;
    for (const pattern of this.ownPatterns) if (subjectsOverlap(pattern, subject)) return true;
    return false;
  }
}

/** Neither a system subject nor the server's own, and nothing in it that a check of its tokens could find harmful. */
function isPlain(subject: string): boolean {
  return subject.length <= MAX_PLAIN && PLAIN.test(subject);
}

/** Whether JetStream waits on a subject for the acknowledgement of a message that a push consumer delivered. */
export function isAcknowledgement(subject: string): boolean {
  return ACKNOWLEDGEMENT.test(subject);
}
