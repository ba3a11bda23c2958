import { setTimeout as delay } from 'node:timers/promises';
import { connect, type KV, type NatsConnection } from 'nats';
import { ServiceProcess } from '../service-process';
import { Notes } from './notes';
import type { Program } from './program';

const KILLS = 20;
/** Two instances on each client library. */
const LIBRARIES = ['nats 2', 'nats 2', 'nats.js 3', 'nats.js 3'];
const WATCHES_OF_EACH = 2;
const WRITERS = 8;
const NAMES = ['flags', 'limits'].flatMap((kind) => Array.from({ length: 40 }, (_, i) => `${kind}.k${i}`));
const PATIENCE = 60_000;

/** What a watch was told last of each key: its revision, and the value or `gone`. */
type State = Map<string, string>;

/** A server with file storage is killed while values change: every watch ends at the bucket's present state. */
export const watchKill: Program = async (server, { tell }) => {
  const connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const bucket = await connection.jetstream({ timeout: 1_000 }).views.kv('config');
  const watchers = await Promise.all(
    LIBRARIES.map(async (library) => {
      const notes = new Notes();
      return { library, notes, process: await ServiceProcess.start('watcher', library, server.port, notes.path) };
    }),
  );
  const watches = LIBRARIES.length * WATCHES_OF_EACH;
  let [isOver, writes, mostConsumers] = [false, 0, 0];
  const count = async (): Promise<void> => {
    mostConsumers = Math.max(mostConsumers, await consumersOf(connection).catch(() => 0));
  };
  const writers = Array.from({ length: WRITERS }, async () => {
    while (!isOver) if (await write(bucket)) writes++;
  });
  try {
    for (let kill = 1; kill <= KILLS; kill++) {
      await delay(300 + 700 * Math.random());
      await count();
      await server.kill();
      await delay(200 * Math.random());
      await server.restart();
      tell(`watch-kill: ${kill} of ${KILLS}, ${writes} writes`);
    }
    await delay(1000);
    isOver = true;
    await Promise.all(writers);
    const started = performance.now();
    const expected = await stateOf(bucket);
    const differing = async (): Promise<string[]> => {
      await count();
      return watchers.filter(({ notes }) => !isAt(toldBy(notes), expected)).map(({ library }) => library);
    };
    let behind = await differing();
    while (behind.length > 0 && performance.now() - started < PATIENCE) {
      await delay(250);
      behind = await differing();
    }
    const reached = Math.round(performance.now() - started);
    const misses: string[] = [];
    if (behind.length > 0) misses.push(`watches of ${behind.join(', ')} are not at the bucket's present state`);
    const disordered = watchers.filter(({ notes }) => !isInOrder(notes));
    if (disordered.length > 0) misses.push(`${disordered.length} instances were told changes out of order`);
    const consumers = await consumersOf(connection);
    if (mostConsumers > watches) misses.push(`there were ${mostConsumers} consumers for ${watches} watches`);
    if (consumers !== watches) misses.push(`there are ${consumers} consumers for ${watches} watches in the end`);
    if (watchers.some(({ process }) => !process.isRunning)) misses.push('an instance has ended');
    return {
      figures: {
        'servers killed': KILLS,
        'changes acknowledged by the server': writes,
        'instances at the present state': `${watchers.length - behind.length} of ${watchers.length}`,
        'ms until the last one was': reached,
        'consumers, at most and in the end': `${mostConsumers}, ${consumers} for ${watches} watches`,
      },
      misses,
    };
  } finally {
    isOver = true;
    await Promise.all(writers);
    for (const { process } of watchers) await process.end('SIGKILL');
    await connection.close();
  }
};

/** Changes a key, or deletes it; false where the server does not acknowledge that. */
async function write(bucket: KV): Promise<boolean> {
  const name = NAMES[Math.floor(Math.random() * NAMES.length)] as string;
  try {
    if (Math.random() < 0.2) await bucket.delete(name);
    else await bucket.put(name, String(Math.floor(Math.random() * 1e9)));
    return true;
  } catch {
    await delay(20);
    return false;
  }
}

async function consumersOf(connection: NatsConnection): Promise<number> {
  const manager = await connection.jetstreamManager({ checkAPI: false });
  let consumers = 0;
  for await (const { name } of manager.consumers.list('KV_config')) if (name.startsWith('watch-')) consumers++;
  return consumers;
}

async function stateOf(bucket: KV): Promise<State> {
  const state: State = new Map();
  for (const key of NAMES) {
    const entry = await bucket.get(key);
    if (entry?.operation === 'PUT') state.set(key, `${entry.revision} ${entry.string()}`);
  }
  return state;
}

function toldBy(notes: Notes): State {
  const told: State = new Map();
  for (const line of notes.lines()) {
    const [key = '', revision = '', value = ''] = line.split(' ');
    if (value === 'gone') told.delete(key);
    else told.set(key, `${revision} ${value}`);
  }
  return told;
}

function isAt(told: State, expected: State): boolean {
  return told.size === expected.size && [...expected].every(([key, value]) => told.get(key) === value);
}

/** Of each key a later change was told after an earlier one, and none twice. */
function isInOrder(notes: Notes): boolean {
  const last = new Map<string, number>();
  return notes.lines().every((line) => {
    const [key = '', revision = '', value] = line.split(' ');
    const before = last.get(key) ?? 0;
    last.set(key, Number(revision));
    return Number(revision) > before || (value === 'gone' && Number(revision) === before);
  });
}
