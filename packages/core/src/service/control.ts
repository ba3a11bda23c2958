import { controlSubject, VERBS, type Verb } from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { RequestMessage } from '../request/message';
import { subscribe, type Connection, type Subscription } from '../transport/connection';

/** The bodies that answer the verbs; a promise where they take time. */
export type ControlReplies = Record<Verb, () => Uint8Array | Promise<Uint8Array>>;

/**
 * Subscribes the nine control subjects of one instance, in no queue group (ADR-32, Discovery).
 * What a request holds is ignored; one without a reply subject gets nothing.
 */
export function subscribeControl(
  connection: Connection,
  name: string,
  id: string,
  replies: ControlReplies,
  logger: Logger,
  onError: (error: Error) => void,
): Subscription[] {
  return VERBS.flatMap((verb) => {
    const answer = async ({ reply }: RequestMessage): Promise<void> => {
      if (!reply) return;
      try {
        const body = replies[verb]();
        connection.publish(reply, body instanceof Uint8Array ? body : await body);
      } catch (err) {
        logger.error({ service: name, verb, err }, 'discovery request could not be answered');
      }
    };
    return [controlSubject(verb), controlSubject(verb, name), controlSubject(verb, name, id)].map((subject) =>
      subscribe(connection, subject, '', { onMessage: (message) => void answer(message), onError }),
    );
  });
}
