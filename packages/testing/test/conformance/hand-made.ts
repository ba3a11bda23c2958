import { type Connection, type Headers, type Message } from '#test/connection';

type Verb = 'PING' | 'INFO' | 'STATS';
type Reply = Record<string, unknown> & { endpoints?: Record<string, unknown>[] };

/** What is wrong with a service that is made by hand; without anything it is in order. */
export interface Faults {
  /** Changes a reply before it is sent. */
  reply?: (verb: Verb, reply: Reply, subject: string) => void;
  /** Does something else than to answer. */
  instead?: (verb: Verb, message: Message) => boolean;
  /** Of the discovery subscriptions. */
  queue?: string;
  /** More discovery subjects, answered like PING. */
  subjects?: readonly string[];
  /** Of the discovery replies. */
  headers?: Headers;
  /** What the endpoint does; default: answers `1`. */
  handle?: (message: Message) => void;
}

const ID = 'HANDMADE00000000000001';
const NAME = 'hand-made';

/** A service without any library, so that each fault can be made. */
export async function handMade(connection: Connection, faults: Faults = {}): Promise<void> {
  const endpoint = { name: 'one', subject: 'one', queue_group: 'q' };
  const stats = { num_requests: 0, num_errors: 0, last_error: '', processing_time: 0, average_processing_time: 0 };
  const common = { name: NAME, id: ID, version: '1.0.0', metadata: {} };
  const replies: Record<Verb, () => Reply> = {
    PING: () => ({ type: 'io.nats.micro.v1.ping_response', ...common }),
    INFO: () => ({
      type: 'io.nats.micro.v1.info_response',
      ...common,
      description: '',
      endpoints: [{ ...endpoint, metadata: { idempotent: 'true' } }],
    }),
    STATS: () => ({
      type: 'io.nats.micro.v1.stats_response',
      ...common,
      started: '2030-01-31T12:00:00Z',
      endpoints: [{ ...endpoint, ...stats }],
    }),
  };
  const listen = (subject: string, verb: Verb): void => {
    connection.subscribe(subject, {
      ...(faults.queue !== undefined && { queue: faults.queue }),
      callback: (_, message) => {
        if (!message.reply || faults.instead?.(verb, message)) return;
        const reply = replies[verb]();
        faults.reply?.(verb, reply, subject);
        message.respond(JSON.stringify(reply), faults.headers && { headers: faults.headers });
      },
    });
  };
  for (const verb of ['PING', 'INFO', 'STATS'] as const)
    for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${NAME}`, `$SRV.${verb}.${NAME}.${ID}`]) listen(subject, verb);
  for (const subject of faults.subjects ?? []) listen(subject, 'PING');
  connection.subscribe('one', {
    callback: (_, message) => {
      stats.num_requests++;
      if (faults.handle === undefined) message.respond('1');
      else faults.handle(message);
    },
  });
  await connection.flush();
}
