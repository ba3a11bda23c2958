import { CHUNKS_HEADER, controlSubject, ReceivedHeaders, VERBS, type Verb } from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import { hasHeaders, headerText, type ReceivedMessage } from '../pipeline/message';
import { isAcknowledgement, type ReplySubjects } from '../reply/reply-subjects';
import type { Connection } from '../nats/connection';
import { KeptSubscription, type Receiver } from '../nats/kept-subscription';
import { INFO_HEADERS } from './info';

/** The bodies that answer the verbs; a promise where they take time. */
export type ControlReplies = Record<Verb, () => Uint8Array | Promise<Uint8Array>>;

/**
 * Subscribes the nine control subjects of one instance, in no queue group (ADR-32, Discovery).
 * What a request holds is ignored, but for natsmith's own header in INFO; one without a reply subject gets nothing.
 */
export function subscribeControl(
  connection: Connection,
  name: string,
  id: string,
  replies: ControlReplies,
  replySubjects: ReplySubjects,
  logger: Logger,
  watcherOf: (subject: string) => Omit<Receiver, 'onMessage' | 'onFault'>,
): KeptSubscription[] {
  return VERBS.flatMap((verb) => {
    const answer = async (request: ReceivedMessage): Promise<void> => {
      const { reply } = request;
      // There is no one to tell: an error would go there, too.
      if (!reply || replySubjects.replyProblem(reply) !== undefined || isAcknowledgement(reply)) return;
      try {
        const body = replies[verb]();
        const options = asksForMore(verb, request) ? { headers: INFO_HEADERS } : undefined;
        connection.publish(reply, body instanceof Uint8Array ? body : await body, options);
      } catch (err) {
        logger.error({ service: name, verb, err }, 'discovery request could not be answered');
      }
    };
    return [controlSubject(verb), controlSubject(verb, name), controlSubject(verb, name, id)].map(
      (subject) =>
        new KeptSubscription(connection, subject, '', {
          ...watcherOf(subject),
          onMessage: (message) => void answer(message),
          onFault: (err) => logger.error({ service: name, verb, err }, 'discovery request could not be answered'),
        }),
    );
  });
}

/** Discovery replies have no headers (ADR-32), so only who knows this one gets it back. */
function asksForMore(verb: Verb, request: ReceivedMessage): boolean {
  return verb === 'INFO' && hasHeaders(request) && new ReceivedHeaders(headerText(request)).has(CHUNKS_HEADER);
}
