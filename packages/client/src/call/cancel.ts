import { inBackground, isNoResponders } from '@natsmith/protocol';
import { EMPTY } from './body';
import type { Inbox } from '../nats/inbox';

// A service listens from when its handler first looks at `ctx.signal`; nobody listening may only mean "not yet".
const DELAYS = [10, 40, 160, 640];

/** The subject that takes a request back: none that a reply could come on. */
export function cancelSubject(reply: string): string {
  return `${reply}.cancel`;
}

/** Takes a request back, again while nobody listens, for a second at most. */
export function sendCancel(inbox: Inbox, subject: string): void {
  let sent = 0;
  const send = (): void => {
    try {
      inbox.outlet.publish(subject, EMPTY, { reply: address.subject });
    } catch {
      address.close(); // the connection is closed, and the service will hear of nothing any more
    }
  };
  const address = inbox.open({
    to: subject,
    onError: () => undefined,
    onMessage(message) {
      const delay = DELAYS[sent++];
      if (!isNoResponders(message) || delay === undefined) address.close();
      else inBackground(setTimeout(send, delay));
    },
  });
  inBackground(setTimeout(() => address.close(), 2_000));
  send();
}
