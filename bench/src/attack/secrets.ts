import { setTimeout as delay } from 'node:timers/promises';
import { nuid, Nuid } from 'nats';
import { RawConnection } from '../endurance/connection';
import type { Program } from '../endurance/program';
import { ServiceProcess } from '../service-process';

const NONE = Buffer.alloc(0);
const STREAMS = 50;
const BATCH = 2000;
/** Bits that a subject must hold beyond what its neighbours show. */
const ENOUGH_BITS = 96;

/** Control subjects of streams: do those seen tell the next one, and do guesses end the streams of others? */
export const secrets: Program = async (server, { requests = 1_000_000, tell }) => {
  const service = await ServiceProcess.start('attacked', '', server.port, '');
  const reader = await RawConnection.open(server.port, '_INBOX.reader.*');
  const attacker = await RawConnection.open(server.port, '_INBOX.attacker.*');
  const misses: string[] = [];
  try {
    const controls = new Map<string, string>();
    const ended = new Set<string>();
    reader.onMessage = ({ subject, reply, body }) => {
      if (reply !== '') controls.set(subject, reply);
      // Who is silent for long is taken for gone: heartbeats are answered.
      if (reply !== '' && body.length === 0) reader.publish(reply, '', NONE, Buffer.from('credit 1'));
      else if (body.length === 0) ended.add(subject);
    };
    const credit = Buffer.from('NATS/1.0\r\nNatsmith-Credit: 1\r\n\r\n');
    for (let i = 0; i < STREAMS; i++) reader.publish('count', `_INBOX.reader.${i}`, credit, NONE);
    // What an attacker may know: a stream of its own, before and after those of others.
    let own = '';
    attacker.onMessage = ({ reply }) => (own = reply || own);
    attacker.publish('count', '_INBOX.attacker.1', credit, NONE);
    await delay(500);
    const subjects = [...controls.values()];
    if (subjects.length < STREAMS) misses.push(`only ${subjects.length} of ${STREAMS} streams have begun`);
    const bits = freshBits([own, ...subjects]);
    if (bits < ENOUGH_BITS) misses.push(`control subjects hold ${bits} bits that their neighbours do not show`);

    const prefix = own.slice(0, own.lastIndexOf('.') + 1);
    const last = own.slice(prefix.length);
    const guesser = new Nuid();
    let guesses = 0;
    while (guesses < requests) {
      attacker.together(() => {
        for (let i = 0; i < BATCH; i++, guesses++)
          attacker.publish(prefix + guess(last, guesses, guesser), '', NONE, Buffer.from('cancel'));
      });
      await delay(5);
      if (guesses % 100_000 === 0) tell(`secrets: ${guesses} guesses, ${ended.size} streams ended`);
    }
    await delay(500);
    if (ended.size > 0) misses.push(`${ended.size} of ${STREAMS} streams of others were ended by guesses`);
    return {
      figures: {
        guesses,
        'streams of others that ended': ended.size,
        'random bits of a control subject, at least': bits,
      },
      misses,
    };
  } finally {
    reader.close();
    attacker.close();
    await service.end('SIGKILL');
  }
};

/** By turns the next of a sequence, neighbours in each place, and those of a generator of the client library. */
function guess(last: string, number: number, guesser: Nuid): string {
  if (number % 3 === 0) return guesser.next();
  if (number % 3 === 1) return nuid.next();
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';
  const place = last.length - 1 - (Math.floor(number / 3) % Math.max(last.length, 1));
  const digit = digits[Math.floor(number / 97) % digits.length] ?? '0';
  return last.slice(0, place) + digit + last.slice(place + 1);
}

/** Places in which all subjects differ like random ones, times the bits that the digits of these places can hold. */
function freshBits(subjects: readonly string[]): number {
  const tokens = subjects.map((subject) => subject.slice(subject.lastIndexOf('.') + 1));
  const length = Math.min(...tokens.map((token) => token.length));
  let bits = 0;
  for (let place = 0; place < length; place++) {
    const digits = new Set(tokens.map((token) => token[place]));
    // 51 draws of 64 digits show 35 different ones; a place of a sequence shows few.
    if (digits.size > tokens.length / 3) bits += Math.log2(62);
  }
  return Math.floor(bits);
}
