import type { Grant } from './auth';
import type { ConnectOptions } from './connect';
import type { Publication } from './operations';
import type { SubscriptionIndex } from './subscriptions';

/** What delivery needs of a client. */
export interface Subscriber {
  readonly options: ConnectOptions;
  readonly grant: Grant;
  send(line: string, payload?: Buffer): void;
  /** Ends a subscription. */
  remove(subscription: Subscription): void;
}

/** One SUB of one client. */
export interface Subscription {
  readonly session: Subscriber;
  readonly subject: string;
  readonly queue?: string;
  readonly sid: string;
  /** Messages after which it ends by itself; 0 for no end. */
  max: number;
  delivered: number;
  closed: boolean;
  /** What takes the message in place of a client: a stream, or another part of the broker itself. */
  readonly take?: (message: Publication) => void;
}

/**
 * Hands a message to every plain subscription and to one random member of every queue group that takes it.
 * @param to where it goes, if that is not the subject that its receivers read
 * @returns whether anybody took it
 */
export function deliver(
  index: SubscriptionIndex<Subscription>,
  from: Subscriber,
  message: Publication,
  to = message.subject,
): boolean {
  const { plain, groups } = index.match(to);
  let delivered = false;
  for (const subscription of plain) {
    if (offer(subscription, from, message)) delivered = true;
  }
  for (const group of groups) {
    const first = Math.floor(Math.random() * group.length);
    for (let i = 0; i < group.length; i++) {
      const member = group[(first + i) % group.length];
      if (!member || !offer(member, from, message)) continue;
      delivered = true;
      break;
    }
  }
  if (!delivered && message.reply !== undefined && from.options.no_responders) {
    reportNoResponders(index, from, message.subject, message.reply);
  }
  return delivered;
}

function offer(subscription: Subscription, from: Subscriber, message: Publication): boolean {
  const { session } = subscription;
  if (subscription.closed || (session === from && !session.options.echo)) return false;
  if (subscription.take) {
    subscription.take(message);
    return true;
  }
  if (!session.grant.mayReceive(message.subject)) return false;
  subscription.delivered++;
  // The last message that was asked for ends the subscription, and is still sent.
  if (subscription.delivered === subscription.max) session.remove(subscription);
  const { subject, reply, headerSize, frame } = message;
  const to = reply === undefined ? `${subject} ${subscription.sid}` : `${subject} ${subscription.sid} ${reply}`;
  const size = frame.length - 2;
  if (headerSize === 0) session.send(`MSG ${to} ${size}\r\n`, frame);
  else if (session.options.headers) session.send(`HMSG ${to} ${headerSize} ${size}\r\n`, frame);
  else session.send(`MSG ${to} ${size - headerSize}\r\n`, frame.subarray(headerSize));
  return true;
}

/** As nats-server does it: straight to the requester's own plain subscription, and not counted against its maximum. */
function reportNoResponders(
  index: SubscriptionIndex<Subscription>,
  from: Subscriber,
  subject: string,
  reply: string,
): void {
  const inbox = index.match(reply).plain.find(({ session }) => session === from);
  if (!inbox) return;
  const headers = `NATS/1.0 503\r\nNats-Subject: ${subject}\r\n\r\n`;
  from.send(`HMSG ${reply} ${inbox.sid} ${headers.length} ${headers.length}\r\n${headers}\r\n`);
}
