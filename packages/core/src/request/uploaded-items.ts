import { nuid } from '@nats-io/nuid';
import {
  ERROR_CODE_HEADER,
  HEARTBEAT_HEADER,
  heartbeatIn,
  ItemReceiver,
  MISSED_HEARTBEATS,
  ServiceError,
  StreamError,
  subjectProblem,
  UPLOAD_HEADER,
} from '@natsmith/protocol';
import type { Context } from './context';
import type { Outlet } from './endpoint-runtime';

/** What the caller sends to the service while its request runs. @param control where the caller is granted credit */
export async function* uploadedItems<Item>(
  ctx: Context,
  control: string,
  credit: number | undefined,
  read: (body: Uint8Array) => unknown,
  outlet: Outlet,
): AsyncGenerator<Item, void, undefined> {
  if (subjectProblem(control, 'none') !== undefined) throw new ServiceError(400, `${UPLOAD_HEADER} names no subject`);
  try {
    yield* receive<Item>(ctx, control, credit, read, outlet);
  } catch (cause) {
    if (cause instanceof StreamError) throw new ServiceError(400, oneSentence(cause), { cause });
    throw cause;
  }
}

function receive<Item>(
  ctx: Context,
  control: string,
  credit: number | undefined,
  read: (body: Uint8Array) => unknown,
  outlet: Outlet,
): ItemReceiver<Item> {
  const inbox = `${outlet.inboxPrefix}.${nuid.next()}`;
  const heartbeat = heartbeatIn(ctx.headers.get(HEARTBEAT_HEADER));
  const receiver = new ItemReceiver<Item>({
    subject: `the caller of ${ctx.endpoint.name}`,
    credit,
    heartbeat,
    firstWithin: MISSED_HEARTBEATS * heartbeat,
    itemTimeout: Infinity,
    late: () => new ServiceError(499, 'the caller of the stream is gone'),
    decode: read,
    errorIn: ({ headers }) =>
      headers !== undefined && headers.values(ERROR_CODE_HEADER).length > 0
        ? new ServiceError(499, 'the caller has given up its stream')
        : undefined,
    speak: (to, words) => outlet.publish(to, words, undefined, inbox),
    onEnd: () => stopListening(),
  });
  const stopListening = outlet.listen(
    inbox,
    (message) => receiver.onMessage(message),
    (cause) => receiver.abort(new ServiceError(500, 'the stream cannot be received', { cause })),
  );
  // A handler may be done before its items are; one that goes on after its time is not to take this for their end.
  ctx.atEnd = () => receiver.abort(new ServiceError(499, 'the request has ended'));
  receiver.invite(control);
  return receiver;
}

function oneSentence({ message }: Error): string {
  return message.split(';')[0] ?? message;
}
