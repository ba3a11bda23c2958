import type { Message } from '../nats/connection';
import { isImported, isInbox } from '../nats/inbox-subject';

/** Characters of a foreign subject in an error. */
const MAX_SHOWN = 100;

/** Where a producer takes control messages: the reply subject of what it sends, which must be an inbox, and one for all. */
export class ControlSubject {
  subject: string | undefined;
  /** As the client libraries keep it; to decode it for each item would cost more than the item. */
  private bytes: Uint8Array | undefined;

  /** @param inboxes prefixes of inboxes besides `_INBOX.` and `_R_.` */
  constructor(private readonly inboxes: readonly string[] | undefined) {}

  /** Whether control messages reach the producer through an import from its account. */
  get isInOtherAccount(): boolean {
    return this.subject !== undefined && isImported(this.subject);
  }

  /** What is wrong with the reply subject of a message, or undefined when nothing is; the first is kept. */
  problemOf(message: Message): string | undefined {
    const bytes = message._msg?.reply;
    if (message._msg === undefined ? !message.reply : bytes === undefined) return undefined;
    if (this.bytes !== undefined && bytes !== undefined && isEqual(this.bytes, bytes)) return undefined;
    const reply = message.reply ?? '';
    const shown = JSON.stringify(reply.slice(0, MAX_SHOWN));
    // Between accounts the server makes another subject for each message. Each leads to the producer, and some but once.
    const isNext = this.isInOtherAccount && isImported(reply);
    if (this.subject !== undefined && reply !== this.subject && !isNext)
      return `asks for credit on ${shown}, but began with another subject`;
    if ((this.subject === undefined || isNext) && !isInbox(reply, this.inboxes))
      return `asks for credit on ${shown}, which is not an inbox; name the inbox prefix of its service in the option "inboxes"`;
    this.subject = reply;
    // A copy: the library's bytes are part of all that came with them.
    this.bytes = bytes?.slice();
    return undefined;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  // A loop, because a Buffer for each message would cost more than the comparison; the end differs first.
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
