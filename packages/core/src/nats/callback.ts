import type { ReceivedMessage } from '../pipeline/message';

/** What a subscription's callback does. */
export interface Listener<Message = ReceivedMessage> {
  readonly onMessage: (message: Message) => void;
  readonly onError: (error: Error) => void;
  /** Told of what the other two throw; never throws itself. */
  readonly onFault: (thrown: unknown) => void;
}

/** The callback of a subscription. What it threw would end the library's reader, and all subscriptions with it. */
export function callbackOf<Message>({ onMessage, onError, onFault }: Listener<Message>) {
  return (error: Error | null, message: Message): void => {
    try {
      if (error === null) onMessage(message);
      else onError(error);
    } catch (thrown) {
      onFault(thrown);
    }
  };
}
