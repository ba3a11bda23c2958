import { nuid } from '@nats-io/nuid';
import {
  DEFAULT_CREDIT,
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
import type { Codec } from '../define/handler';
import type { Context } from './context';
import type { Outlet } from './endpoint-runtime';
import type { Handler } from './invoke';
import type { Run } from './middleware';
import type { Validate } from './validate';

/** The core of the onion where the payload is a stream: the handler takes an async iterable of validated items. */
export function streamInvoker(
  handler: Handler,
  codec: Codec,
  validate: Validate | undefined,
  outlet: Outlet,
): Run<Context> {
  const read = (body: Uint8Array): unknown => {
    const item = codec.decode(body);
    return validate === undefined ? item : validate(item, body.length);
  };
  return (ctx) => handler(itemsOf(ctx, read, outlet) as never, ctx);
}

/** The items that a caller sends; asked for when the handler begins to take them. */
async function* itemsOf(
  ctx: Context,
  read: (body: Uint8Array) => unknown,
  outlet: Outlet,
): AsyncGenerator<unknown, void, undefined> {
  const control = ctx.headers.get(UPLOAD_HEADER);
  if (control === undefined) {
    // A caller that knows no streams sends one item as its payload, or none.
    const { data } = ctx.message;
    if (data.length > 0) yield await read(data);
    return;
  }
  if (subjectProblem(control, 'none') !== undefined) throw new ServiceError(400, `${UPLOAD_HEADER} names no subject`);
  const receiver = receive(ctx, control, read, outlet);
  try {
    yield* receiver;
  } catch (cause) {
    if (cause instanceof StreamError) throw new ServiceError(400, oneSentence(cause), { cause });
    throw cause;
  }
}

function receive(
  ctx: Context,
  control: string,
  read: (body: Uint8Array) => unknown,
  outlet: Outlet,
): ItemReceiver<unknown> {
  const inbox = `${outlet.inboxPrefix}.${nuid.next()}`;
  const heartbeat = heartbeatIn(ctx.headers.get(HEARTBEAT_HEADER));
  const receiver = new ItemReceiver<unknown>({
    subject: `the caller of ${ctx.endpoint.name}`,
    credit: DEFAULT_CREDIT,
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
