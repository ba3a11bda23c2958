import {
  ERROR_CODE_HEADER,
  isImported,
  isNoResponders,
  ItemReceiver,
  MISSED_HEARTBEATS,
  ServiceError,
  StreamError,
  UPLOAD_HEADER,
} from '@natsmith/protocol';
import type { Replying } from './replying';
import type { ReplyOutlet } from './outlet';
import { replySubject } from '../pipeline/message';

/** How a caller sends items, and the service takes them. */
export interface UploadWishes {
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
  wishes: UploadWishes,
  read: (body: Uint8Array) => unknown,
  outlet: ReplyOutlet,
): AsyncGenerator<Item, void, undefined> {
  const problem = outlet.replySubjects.streamProblem(wishes.control);
  if (problem !== undefined) throw new ServiceError(400, `header ${UPLOAD_HEADER}: ${problem}`);
  try {
    yield* receive<Item>(ctx, wishes, read, outlet);
  } catch (cause) {
    if (cause instanceof StreamError) throw new ServiceError(400, oneSentence(cause), { cause });
    throw cause;
  }
}

function receive<Item>(
  ctx: Replying,
  { control, credit, itemSize, heartbeat }: UploadWishes,
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
      return isError ? new ServiceError(499, 'the caller has given up its stream') : undefined;
    },
    sendControl: (to, words) => outlet.publish(to, words, undefined, inbox),
    onEnd: () => stopListening(),
  });
  const stopListening = outlet.listen(
    inbox,
    (message) => receiver.onMessage(message),
    (cause) => receiver.abort(new ServiceError(500, 'the stream cannot be received', { cause })),
  );
  // A handler may be done before its items are; one that goes on after its time is not to take this for their end.
  ctx.onEnd(() => receiver.abort(ended()));
  receiver.invite(control);
  return receiver;
}

function ended(): ServiceError {
  return new ServiceError(499, 'the request has ended');
}

/** Only replies go from account to account: the subject that grants an upload's credit is none. */
function unreachable(): ServiceError {
  return new ServiceError(400, 'uploads and bodies in chunks do not reach a service in another account; send less');
}

function gone(): ServiceError {
  return new ServiceError(499, 'the caller of the stream is gone');
}

function oneSentence({ message }: Error): string {
  return message.split(';')[0] ?? message;
}
