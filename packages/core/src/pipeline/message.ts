import { textOf } from '@natsmith/protocol';

export { hasHeaders, headerText } from '@natsmith/protocol';

/** A message as both client libraries give it; only what a handler needs of it. */
export interface ReceivedMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Where the reply goes; empty or undefined when nobody waits for one. */
  readonly reply?: string;
  readonly headers?: { keys(): string[]; values(name: string): string[] };
  // nats.js 2 and 3 keep the undecoded message in these two fields. Reading them saves half a microsecond a header
  // block, and the library's own decoder throws on header names that it does not like; a reply subject, 0.2.
  readonly _msg?: { readonly hdr: number; readonly reply?: Uint8Array };
  readonly _rdata?: Uint8Array;
}

/** Where the reply of a message goes; `""` when nobody waits for one. */
export function replySubject(message: ReceivedMessage): string {
  const bytes = message._msg?.reply;
  return bytes === undefined ? (message.reply ?? '') : textOf(bytes);
}

const INBOX = Buffer.from('_INBOX.');

/** Whether the reply goes below `_INBOX.`, as nearly all do; looks at the bytes, because decoding them costs more. */
export function repliesToInbox({ _msg, reply }: ReceivedMessage): boolean {
  const bytes = _msg?.reply;
  if (bytes === undefined) return reply?.startsWith('_INBOX.') ?? false;
  for (let i = 0; i < INBOX.length; i++) if (bytes[i] !== INBOX[i]) return false;
  return true;
}
