import { once } from 'node:events';
import { connect, type NatsConnection } from 'nats';
import type { BodyAssignment } from '../callers/bodies';
import { startChild } from '../child';
import { RawConnection } from '../endurance/connection';
import type { Program } from '../endurance/program';
import { megabytes } from '../endurance/trend';
import { ServiceProcess } from '../service-process';
import { shapeNames } from './large-bodies';

/** Milliseconds. */
const LIMIT = 100;
/** ms; of a short run, which shares its machine with other work: it tells a blocked process, not a slow one. */
const SHORT_LIMIT = 1000;
/** MiB. */
const [DEFAULT, RAISED, MOST] = [0.99, 4, 64];
/** The machine may be busy with something else: what is slow because of the body is slow each time. */
const TRIES = 4;

/** Bodies of every kind to a service with little memory: it lives, and those beside it are served. */
export const bodies: Program = async (server, { minutes, requests, tell }) => {
  const service = await ServiceProcess.start('bodies', '', server.port, '', ['--max-old-space-size=256']);
  const { child: sender } = await startChild('callers/bodies', '', server.port, '');
  const connection = await connect({ servers: server.url });
  const misses: string[] = [];
  const slowestOf: Record<number, number> = {};
  let tried = 0;
  let peak = 0;
  const send = async (assignment: BodyAssignment): Promise<string> => {
    sender.send(assignment);
    return ((await once(sender, 'message')) as [string])[0];
  };
  const attempt = async (what: string, mebibytes: number, work: () => Promise<unknown>): Promise<void> => {
    let slowest = Infinity;
    const limit = mebibytes === MOST ? Infinity : minutes < 1 ? SHORT_LIMIT : LIMIT;
    for (let i = 0; i < TRIES && slowest >= limit; i++)
      slowest = Math.min(slowest, await slowestPing(connection, work));
    tried++;
    slowestOf[mebibytes] = Math.max(slowestOf[mebibytes] ?? 0, slowest);
    peak = Math.max(peak, (await service.usage()).memory);
    if (slowest > limit) misses.push(`${what}: a neighbour waited ${slowest.toFixed(0)} ms, each time`);
    tell(`${what}: a neighbour waited ${slowest.toFixed(0)} ms at most`);
  };
  // What is over the default limit is refused by its size; beyond 4 MiB the process is to live, and no more is promised.
  const plans = [
    ...['any', 'operands', 'order'].map((endpoint) => ({ endpoint, mebibytes: DEFAULT, shapes: shapeNames })),
    { endpoint: 'any', mebibytes: RAISED, shapes: shapeNames.slice(0, 2) },
    { endpoint: 'anyLarge', mebibytes: RAISED, shapes: shapeNames },
    ...['anyLarge', 'operandsLarge', 'bytesLarge'].map((endpoint) => ({
      endpoint,
      mebibytes: MOST,
      shapes: shapeNames,
    })),
  ].filter(({ mebibytes, endpoint }) => requests === undefined || mebibytes < MOST || endpoint === 'anyLarge');
  try {
    for (const { shapes, ...plan } of plans)
      for (const shape of shapes) {
        if (!service.isRunning) break;
        let reply = '';
        const what = `${plan.mebibytes} MiB of ${shape} to ${plan.endpoint}`;
        await attempt(what, plan.mebibytes, async () => (reply = await send({ ...plan, shape })));
        if (/timed out|nobody|no service/i.test(reply)) misses.push(`${what}: ${reply}`);
      }
    await attempt('announced sizes that lie', DEFAULT, () => lie(server.port));
    if (!service.isRunning) misses.push('the service has ended');
    const waited = (mebibytes: number): number => Math.round(slowestOf[mebibytes] ?? 0);
    return {
      figures: {
        'bodies tried': tried,
        [`longest that a neighbour waited, ms: bodies up to 1 MiB (aim ${LIMIT})`]: waited(DEFAULT),
        [`of 4 MiB, maxBody raised (aim ${LIMIT})`]: waited(RAISED),
        'of 64 MiB, maxBody raised': waited(MOST),
        'memory of the service at most, MB, with a heap of 256 MB': megabytes(peak),
      },
      misses,
    };
  } finally {
    sender.kill('SIGKILL');
    await connection.close();
    await service.end('SIGKILL');
  }
};

/** Milliseconds that the slowest of many requests to another endpoint took while the work was done. */
async function slowestPing(connection: NatsConnection, work: () => Promise<unknown>): Promise<number> {
  let isDone = false;
  let slowest = 0;
  const pinging = (async () => {
    while (!isDone) {
      const before = performance.now();
      await connection.request('ping', '', { timeout: 20_000 });
      slowest = Math.max(slowest, performance.now() - before);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  await work();
  isDone = true;
  await pinging;
  return slowest;
}

/** Callers who announce 64 MiB and send other things, or nothing. */
async function lie(port: number): Promise<void> {
  const liar = await RawConnection.open(port, '_INBOX.liar.*', '_INBOX.liar.up.*');
  let replies = 0;
  const total = 200;
  const done = new Promise<void>((resolve) => {
    setTimeout(resolve, 8_000).unref();
    liar.onMessage = ({ subject, reply, body }) => {
      if (!subject.startsWith('_INBOX.liar.up.')) return void (++replies === total && resolve());
      if (!/^credit [1-9]/.test(body.toString())) return;
      const number = Number(subject.slice('_INBOX.liar.up.'.length));
      const chunks = number % 4;
      for (let i = 1; i <= chunks * 4; i++)
        liar.publish(reply, subject, header(`Natsmith-Seq: ${i}`), Buffer.alloc(chunks === 3 ? 900_000 : 1, 'x'));
      if (chunks > 0) liar.publish(reply, '', header(`Natsmith-Seq: ${chunks * 4 + 1}`), Buffer.alloc(0));
    };
  });
  const sizes = ['67108864', '1', '1048576', '0', '-1', '1e9', '9'.repeat(300), '67108865'];
  for (let i = 0; i < total; i++) {
    const lines = [`Natsmith-Size: ${sizes[i % sizes.length]}`, `Natsmith-Upload: _INBOX.liar.up.${i}`];
    const about = header(...lines, 'Natsmith-Heartbeat: 100');
    liar.publish(i % 2 === 0 ? 'anyLarge' : 'any', `_INBOX.liar.${i}`, about, Buffer.alloc(0));
  }
  await done;
  liar.close();
  if (replies < total) throw new Error(`${total - replies} of ${total} callers that lie about a size are not answered`);
}

function header(...lines: string[]): Buffer {
  return Buffer.from(`NATS/1.0\r\n${lines.join('\r\n')}\r\n\r\n`);
}
