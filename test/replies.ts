import { type Message } from './connection';

interface Caller {
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: Message) => void },
  ): {
    unsubscribe(): void;
  };
  publish(subject: string, payload: string, options: { reply: string }): void;
}

/** The replies of all who answer the requests: the number expected, and whoever else answers 20 ms later. */
export async function gather(nc: Caller, subject: string, expected: number, requests = 1): Promise<Message[]> {
  const replies: Message[] = [];
  const inbox = `_INBOX.${Math.random().toString(36).slice(2)}`;
  const subscription = nc.subscribe(inbox, { callback: (_error, message) => replies.push(message) });
  for (let i = 0; i < requests; i++) nc.publish(subject, '', { reply: inbox });
  const deadline = Date.now() + 4000;
  while (replies.length < expected && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  subscription.unsubscribe();
  return replies;
}
