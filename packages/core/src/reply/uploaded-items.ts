import {
  ERROR_CODE_HEADER,
  errorNamed,
  isImported,
  isNoResponders,
  ItemReceiver,
  MISSED_HEARTBEATS,
  type ServiceError,
  StreamError,
  UPLOAD_HEADER,
} from '@natsmith/protocol';
import type { Replying } from './replying';
import type { ReplyOutlet } from './outlet';
import { replySubject } from '../pipeline/message';

/** How a caller sends items, and the service takes them. */
export interface UploadTerms {
  /** Where the caller is granted credit. */
  readonly control: string;
  /** Items that may wait for the handler; undefined for as many as fit into 4 MiB. */
  readonly credit: number | undefined;
  /** Bytes of an item, where they are known before the first comes. */
  readonly itemSize?: number;
  /** Milliseconds. */
  readonly heartbeat: number;
}

/** What the caller sends to the service while its request runs. */
export async function* uploadedItems<Item>(
  ctx: Replying,
  terms: UploadTerms,
  read: (body: Uint8Array) => unknown,
  outlet: ReplyOutlet,
): AsyncGenerator<Item, void, undefined> {
  const problem = outlet.replySubjects.streamProblem(terms.control);
  if (problem !== undefined) throw errorNamed('uploadSubject', { header: UPLOAD_HEADER, problem });
  try {
    yield* receive<Item>(ctx, terms, read, outlet);
  } catch (cause) {
    if (cause instanceof StreamError) throw errorNamed('uploadBroken', { problem: oneSentence(cause) }, { cause });
    throw cause;
  }
}

function receive<Item>(
  ctx: Replying,
  { control, credit, itemSize, heartbeat }: UploadTerms,
  read: (body: Uint8Array) => unknown,
  outlet: ReplyOutlet,
): ItemReceiver<Item> {
  // Nobody would end it any more: middleware or a handler came to it too late.
  if (ctx.isDone) throw ended();
  const inbox = outlet.newInbox();
  const share = outlet.credit.share(itemSize === undefined ? 'stream' : 'body');
  const receiver = new ItemReceiver<Item>({
    subject: `the caller of ${ctx.endpoint.name}`,
    credit,
    granted: itemSize === undefined ? share.first(outlet.maxPayload) : 0,
    itemSize: itemSize ?? outlet.maxPayload,
    share,
    inboxes: outlet.replySubjects.inboxes,
    heartbeat,
    firstWithin: MISSED_HEARTBEATS * heartbeat,
    itemTimeout: Infinity,
    firstItemError: gone,
    silent: gone,
    decode: read,
    errorIn(message) {
      // Nobody listens where credit is granted: what has come is not the whole.
      if (isNoResponders(message)) return isImported(replySubject(ctx.message)) ? unreachable() : gone();
      const isError = (message.headers?.values(ERROR_CODE_HEADER).length ?? 0) > 0;
      return isError ? errorNamed('uploadEnded') : undefined;
    },
    sendControl: (to, words) => outlet.publish(to, words, undefined, inbox),
    onEnd() {
      stopListening();
      stopWatching();
    },
  });
  const stopListening = outlet.listen(
    inbox,
    (message) => receiver.onMessage(message),
    (cause) => receiver.abort(errorNamed('uploadNotReceived', undefined, { cause })),
  );
  // What the caller sent meanwhile is lost; asked at once, it says so long before it could be taken for silent.
  const stopWatching = outlet.onReconnect(() => receiver.recheck());
  // A handler may be done before its items are; one that goes on after its time is not to take this for their end.
  ctx.onEnd(() => receiver.abort(ended()));
  receiver.invite(control);
  return receiver;
}

function ended(): ServiceError {
  return errorNamed('uploadAfterEnd');
}

/** Only replies go from account to account: the subject that grants an upload's credit is none. */
function unreachable(): ServiceError {
  return errorNamed('otherAccount');
}

function gone(): ServiceError {
  return errorNamed('streamGone');
}

function oneSentence({ message }: Error): string {
  return message.split(';')[0] ?? message;
}
