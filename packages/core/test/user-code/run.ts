import 'reflect-metadata';
import { Endpoint, NatsServiceFactory, Service, StatsHandler, type Logger, type Middleware } from '@natsmith/core';
import { connect, createInbox, type Msg, type NatsConnection } from 'nats';
import { setTimeout as delay } from 'node:timers/promises';
import { cases, type Case } from './cases';
import { never, thenables, trap, withGetter } from './values';

// Runs every case in a process of its own, as a program of a user would run it, and writes what it saw as JSON.
const connection = { servers: process.env.NATS_URL ?? '' };
const STOP_TIMEOUT = 300;
const CODE = 'Nats-Service-Error-Code';
const SILENCE = 150;

const escaped: string[] = [];
process.on('unhandledRejection', (reason) => escaped.push(`rejection: ${describe(reason)}`));
process.on('uncaughtException', (error) => escaped.push(`exception: ${describe(error)}`));

function describe(value: unknown): string {
  try {
    return String((value as Error).stack);
  } catch {
    return 'something that throws';
  }
}

@Service({ name: 'neighbour', version: '1.0.0' })
class Neighbour {
  @Endpoint() next(): string {
    return 'door';
  }
}

@Service({ name: 'cases', version: '1.0.0' })
class Cases {
  @Endpoint() first(): void {}
}

const refuse = (): never => {
  throw new Error('no');
};

async function main(): Promise<void> {
  const caller = await connect(connection);
  const report: Record<string, unknown> = {};
  if (process.env.WITHOUT_MIDDLEWARE) {
    const bare = cases.filter(({ middleware }) => middleware === undefined);
    report.cases = await runCases(caller, bare);
  } else {
    report.cases = await runCases(caller, cases, [
      (ctx, next) => (caseOf(ctx.handler.name).middleware ?? ((_, go) => go()))(ctx, next),
    ]);
    report.loggers = await runLoggers(caller);
    report.stats = await runStats(caller);
    report.starts = await runStarts(caller);
    report.stops = await runStops(caller);
  }
  await caller.close();
  await delay(50);
  console.log(`report ${JSON.stringify({ ...report, escaped })}`);
}

const nameOf = (one: Case): string => `case${cases.indexOf(one)}`;
const caseOf = (name: string): Case => cases[Number(name.slice('case'.length))] as Case;

async function runCases(caller: NatsConnection, all: readonly Case[], use?: Middleware[]): Promise<object> {
  const host = await NatsServiceFactory.create([Cases, Neighbour], {
    connection,
    signals: false,
    stopTimeout: STOP_TIMEOUT,
    logger: false,
    ...(use !== undefined && { use }),
  });
  const seen: Record<string, string> = {};
  for (const one of all) await host.services[0]?.addEndpoint(nameOf(one), one.handler, one.options);
  await caller.flush();
  for (const one of all) {
    const outcome = await outcomeOf(caller, nameOf(one), one);
    seen[one.name] = (await isFine(caller)) ? outcome : `${outcome}, and the neighbour is dead`;
  }
  await host.stop();
  return { seen, hasStopped: true };
}

async function outcomeOf(caller: NatsConnection, endpoint: string, one: Case): Promise<string> {
  const inbox = createInbox();
  const messages: Msg[] = [];
  let wake = (): void => undefined;
  const subscription = caller.subscribe(inbox, {
    callback: (_, message) => {
      messages.push(message);
      wake();
    },
  });
  caller.publish(endpoint, '{"a":1}', { reply: inbox });
  let count = 0;
  try {
    for (;;) {
      if (messages.length === 0)
        await Promise.race([
          new Promise<void>((resolve) => (wake = resolve)),
          delay(one.leaves ? 20_000 : silence(one)),
        ]);
      const message = messages.shift();
      if (message === undefined) return count === 0 ? 'none' : `${count} none`;
      const code = message.headers?.get(CODE);
      const isItem = message.headers?.has('Natsmith-Seq') === true;
      if (code) return isItem ? `${count} ${code}` : code;
      if (!isItem) return `ok ${message.string()}`;
      if (message.data.length === 0) return `${count} end`;
      count++;
      if (!one.leaves) continue;
      caller.publish(message.reply ?? '', 'cancel');
      await caller.flush();
      await delay(20);
      return 'left';
    }
  } finally {
    subscription.unsubscribe();
  }
}

/** Only what is expected to be silent is worth a short wait. */
function silence({ outcome }: Case): number {
  return outcome.endsWith('none') ? SILENCE : 20_000;
}

async function isFine(caller: NatsConnection): Promise<boolean> {
  const reply = await caller.request('next', '', { timeout: 20_000 }).catch(() => undefined);
  return reply?.string() === '"door"';
}

async function runLoggers(caller: NatsConnection): Promise<object> {
  const method: Record<string, () => unknown> = {
    throws: refuse,
    'throws a proxy': () => {
      throw trap() as Error;
    },
    rejects: () => Promise.reject(new Error('no')),
    hangs: () => never,
    'returns a thenable that throws': () => ({ then: refuse }),
  };
  const result: Record<string, unknown> = {};
  for (const [what, write] of Object.entries(method)) {
    const logger = { debug: write, info: write, warn: write, error: write, isLevelEnabled: write } as unknown as Logger;
    result[what] = await withLogger(caller, logger);
  }
  result['is a proxy'] = await withLogger(caller, trap() as Logger);
  return result;
}

async function withLogger(caller: NatsConnection, logger: Logger): Promise<string> {
  const host = await NatsServiceFactory.create([Cases, Neighbour], { connection, signals: false, logger });
  const codes: string[] = [];
  await host.services[0]?.addEndpoint('fails', refuse);
  await host.services[0]?.addEndpoint('encodes', () => 1n);
  await caller.flush();
  for (const subject of ['fails', 'encodes'])
    codes.push((await caller.request(subject, '', { timeout: 20_000 })).headers?.get(CODE) ?? '');
  codes.push((await isFine(caller)) ? 'fine' : 'dead');
  await host.stop();
  return codes.join(' ');
}

async function runStats(caller: NatsConnection): Promise<object> {
  const handlers: Record<string, () => unknown> = {
    throws: refuse,
    rejects: () => Promise.reject(new Error('no')),
    hangs: () => never,
    'gives what has no JSON form': () => 1n,
    'gives a getter that throws': () => withGetter({}, 'a'),
    'gives a toJSON that throws': () => ({ toJSON: refuse }),
    'gives a proxy': () => trap(),
  };
  for (const [what, { value }] of Object.entries(thenables)) handlers[`gives a thenable ${what}`] = value;
  const result: Record<string, unknown> = {};
  for (const [what, handler] of Object.entries(handlers)) {
    @Service({ name: 'stats', version: '1.0.0' })
    class Stats {
      @Endpoint() a(): void {}
      @StatsHandler() stats(): unknown {
        return handler();
      }
    }
    const host = await NatsServiceFactory.create([Stats, Neighbour], { connection, signals: false, logger: false });
    const reply = await caller.request('$SRV.STATS.stats', '', { timeout: 20_000 }).catch(() => undefined);
    const names = reply?.json<{ endpoints: { name: string }[] }>().endpoints.map(({ name }) => name);
    result[what] = names?.[0] === 'a' && (await isFine(caller));
    await host.stop();
  }
  return result;
}

/** What stands in the way of a start makes `create` reject, and nothing of it stays. */
async function runStarts(caller: NatsConnection): Promise<object> {
  const make: Record<string, () => unknown> = {
    throws: refuse,
    'throws a proxy': () => {
      throw trap() as Error;
    },
    rejects: () => Promise.reject(new Error('no')),
    'gives nothing': () => undefined,
    'gives a thenable that throws': () => ({ then: refuse }),
  };
  const result: Record<string, unknown> = {};
  const attempt = async (what: string, options: object, target: new () => object = Cases): Promise<void> => {
    const outcome = await NatsServiceFactory.create([target], {
      connection,
      signals: false,
      logger: false,
      ...options,
    }).then(
      () => 'started',
      () => 'rejected',
    );
    const left = await caller.request('$SRV.PING.cases', '', { timeout: 500 }).then(
      () => 'stays',
      () => 'nothing left',
    );
    result[what] = `${outcome}, ${left}`;
  };
  for (const [what, get] of Object.entries(make)) await attempt(`a container ${what}`, { container: { get } });
  for (const [what, start] of Object.entries(make)) {
    if (what === 'gives nothing') continue;
    class Starts extends Cases {
      onStart(): unknown {
        return start();
      }
    }
    await attempt(`an onStart() ${what}`, {}, Starts);
  }
  class Unmakeable extends Cases {
    constructor() {
      super();
      refuse();
    }
  }
  await attempt('a constructor throws', {}, Unmakeable);
  return result;
}

async function runStops(caller: NatsConnection): Promise<object> {
  const stops: Record<string, () => unknown> = {
    throws: refuse,
    rejects: () => Promise.reject(new Error('no')),
    hangs: () => never,
  };
  for (const [what, { value }] of Object.entries(thenables)) stops[`gives a thenable ${what}`] = value;
  const result: Record<string, unknown> = {};
  for (const [what, stop] of Object.entries(stops)) {
    let others = 0;
    @Service({ name: 'stops', version: '1.0.0' })
    class Stops {
      @Endpoint() a(): void {}
      onStop(): unknown {
        return stop();
      }
    }
    @Service({ name: 'others', version: '1.0.0' })
    class Others {
      @Endpoint() b(): void {}
      onStop(): void {
        others++;
      }
    }
    const host = await NatsServiceFactory.create([Others, Stops], {
      connection,
      signals: false,
      logger: false,
      stopTimeout: STOP_TIMEOUT,
    });
    await host.stop();
    result[what] = { others, isClosed: host.connection.isClosed() };
  }
  await caller.flush();
  return result;
}

void main();
