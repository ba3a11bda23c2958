import { setTimeout as delay } from 'node:timers/promises';
import { RawConnection, type RawMessage } from '../endurance/connection';
import type { Program } from '../endurance/program';
import { ServiceProcess } from '../service-process';

const NONE = Buffer.alloc(0);
const BODY = Buffer.from('{"a":1,"b":2}');
const MAX_ITEMS = 1000;
/** Milliseconds in which whatever was set off has come. */
const SETTLE = 700;

/** Reply subjects that are not inboxes: none of them is published to more than once for a message, the worst ones never. */
const REPLIES = ['count', 'add', 'sum', 'other.service', 'x'];
const FORBIDDEN = [
  ...['$JS.API.STREAM.PURGE.X', '$JS.API.INFO', '$SYS.REQ.SERVER.PING', '$SRV.PING', '$SRV.INFO.attacked'],
  ...['$KV.config.limit', '$O.files.C.x'],
];
const ENDPOINTS = ['add', 'count', 'sum', 'down'];

/** Messages that name subjects: where does the service publish, and how often? */
export const subjects: Program = async (server, { tell }) => {
  const service = await ServiceProcess.start('attacked', '', server.port, '');
  const seen: RawMessage[] = [];
  const witness = await RawConnection.open(server.port, '>', '$JS.>', '$SRV.>', '$SYS.>', '$KV.>', '$O.>');
  const attacker = await RawConnection.open(server.port, '_INBOX.mine.*');
  const misses: string[] = [];
  const figures: Record<string, number> = {};
  const ask = async (subject: string, reply: string, headers = NONE, body = BODY): Promise<RawMessage[]> => {
    seen.length = 0;
    witness.onMessage = (message) => seen.push(message);
    attacker.publish(subject, reply, headers, body);
    await delay(SETTLE);
    // "$SRV.>" and the like are seen by ">" as well, and the witness sees the request itself.
    const unique = new Map(
      seen.map((message) => [
        `${message.subject} ${message.reply} ${message.body.toString('latin1', 0, 99)} ${message.headers}`,
        message,
      ]),
    );
    return [...unique.values()].filter((message) => !(message.subject === subject && message.reply === reply));
  };
  try {
    let worst = 0;
    for (const endpoint of ENDPOINTS) {
      for (const reply of [...REPLIES, ...FORBIDDEN]) {
        const out = (await ask(endpoint, reply)).filter(({ subject }) => !subject.startsWith('_INBOX.'));
        worst = Math.max(worst, out.length);
        if (out.length > 1)
          misses.push(`a request to ${endpoint} with the reply subject ${reply}: ${out.length} messages`);
        const isForbidden = FORBIDDEN.includes(reply) && out.some(({ subject }) => subject === reply);
        if (isForbidden) misses.push(`a request to ${endpoint} has the service publish to ${reply}`);
      }
      tell(`subjects: ${endpoint} has been asked`);
    }
    figures['messages out for one in, to subjects that are not inboxes, at most'] = worst;

    const upload = Buffer.from('NATS/1.0\r\nNatsmith-Upload: some.subject\r\n\r\n');
    const granted = (await ask('sum', '_INBOX.mine.1', upload, NONE)).filter(
      ({ subject }) => subject === 'some.subject',
    );
    figures['messages to a subject that Natsmith-Upload names'] = granted.length;
    if (granted.length > 0) misses.push('the service grants credit to a subject that is not an inbox');

    let items = 0;
    let end: RawMessage | undefined;
    attacker.onMessage = (message) => {
      if (message.body.length > 0) items++;
      else if (!/^Natsmith-Heartbeat/m.test(message.headers)) end ??= message;
    };
    witness.close();
    attacker.publish('count', '_INBOX.mine.2', NONE, NONE);
    await delay(3000);
    figures['items to an inbox that grants no credit'] = items;
    if (items > MAX_ITEMS) misses.push(`${items} items to an inbox that grants no credit`);
    if (!end?.headers.includes('429'))
      misses.push(`a stream without credits ends with ${JSON.stringify(end?.headers)}, not 429`);
    if (!service.isRunning) misses.push('the service has ended');
    return { figures, misses };
  } finally {
    witness.close();
    attacker.close();
    await service.end('SIGKILL');
  }
};
