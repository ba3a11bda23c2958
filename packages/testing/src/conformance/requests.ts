import { controlSubject, ERROR_CODE_HEADER, ERROR_HEADER, headerBlock, type ReceivedHeaders } from '@natsmith/protocol';
import { PROMPT, REPEATS } from './control';
import { askInstance, countOf, endpointsIn, shown, type Instance } from './instance';
import { askOne, type Fields, type Question, type RawReply } from './wire';

/** An endpoint that is called, and with what. */
export interface Target {
  readonly name: string;
  /** As INFO and STATS list it. */
  readonly listed: string;
  /** Where requests go: named tokens filled in. */
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers: Question['headers'];
}

/** How much an endpoint is asked. */
export interface Amount {
  /** Requests, one after the other. */
  readonly requests: number;
  /** Requests at a time, bodies that are not JSON, and requests without a reply subject: `load` alone. */
  readonly withLoad: boolean;
}

interface Totals {
  readonly requests: number;
  readonly errors: number;
  /** Nanoseconds. */
  readonly time: number;
}

const JUNK = Buffer.from('{"junk":');
const SILENT = 3;
const AT_ONCE = 50;
const SETTLE = 1_000;

/** Calls an endpoint, and checks replies and counters. @param instances all of the service, for requests are shared out */
export async function checkRequests(
  instances: readonly Instance[],
  target: Target,
  { requests, withLoad }: Amount,
): Promise<void> {
  const [first] = instances;
  if (first === undefined) return;
  const { client, findings, timeout } = first;
  const where = `${first.name} endpoint ${shown(target.name)}`;
  const before = await totals(instances, target);
  const bodies = [...Array.from({ length: requests }, () => target.body), ...(withLoad ? [JUNK, JUNK] : [])];
  const replies: RawReply[] = [];
  /** Milliseconds that PING took beside each request: how long the way to the service is. */
  const ways: number[] = [];
  for (const body of bodies) {
    const reply = await askOne(client, target.subject, { body, timeout, headers: target.headers });
    const what = body === JUNK ? 'a body that is not JSON' : 'a request';
    findings.check('request-answered', reply !== undefined, where, () => `${what} got no answer in ${timeout} ms`);
    if (reply === undefined) return; // each further one would take as long
    checkErrorHeaders(first, reply.headers, where);
    replies.push(reply);
    ways.push((await askInstance(first, 'PING'))?.rtt ?? 0);
  }
  if (withLoad)
    for (let i = 0; i < SILENT; i++)
      client.connection.publish(target.subject, target.body, withHeaders(target.headers));
  const sent = bodies.length + (withLoad ? SILENT : 0);
  const moved = await settled(instances, target, (now) => now.requests - before.requests >= sent);
  findings.check('stats-requests', moved.requests - before.requests >= sent, where, () => {
    return `${sent} requests${withLoad ? ` (${SILENT} without a reply subject)` : ''}, and num_requests grew by ${moved.requests - before.requests}`;
  });
  const errors = replies.filter(({ headers }) => headers.has(ERROR_CODE_HEADER)).length;
  findings.check('stats-errors', moved.errors - before.errors >= errors, where, () => {
    return `${errors} error replies, and num_errors grew by ${moved.errors - before.errors}`;
  });
  // A busy machine makes some of them slow, and PING as well: the medians stand for all.
  const waited = replies.length * Math.max(0, median(replies.map(({ rtt }) => rtt)) - median(ways));
  const counted = (moved.time - before.time) / 1e6;
  // Below that, the way to the service is most of the time.
  const isSlow = waited > 50 && waited > 5 * bodies.length;
  findings.check('stats-time', !isSlow || counted > waited / 3, where, () => {
    return `${bodies.length} requests took ${Math.round(waited)} ms, and processing_time grew by ${counted.toFixed(2)} ms`;
  });
  if (withLoad) await checkBusy(instances, target, where);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

/** Discovery beside running requests. */
async function checkBusy(instances: readonly Instance[], target: Target, where: string): Promise<void> {
  for (const instance of instances) {
    const { timeout, findings } = instance;
    let [reply, unanswered] = await askWhileBusy(instance, target);
    for (let repeats = 0; (reply?.rtt ?? 0) >= PROMPT && repeats < REPEATS; repeats++)
      [reply, unanswered] = await askWhileBusy(instance, target);
    findings.check('control-while-busy', reply !== undefined && reply.rtt < PROMPT, instance.id, () =>
      reply === undefined
        ? `with ${AT_ONCE} requests under way PING got no answer`
        : `with ${AT_ONCE} requests under way PING was answered after ${Math.round(reply.rtt)} ms`,
    );
    findings.check('request-answered', unanswered === 0, where, () => {
      return `${unanswered} of ${AT_ONCE} requests at a time got no answer in ${timeout} ms`;
    });
  }
}

/** The answer to PING while many requests run, and how many of those got none. */
async function askWhileBusy(
  instance: Instance,
  { body, subject, headers }: Target,
): Promise<[reply: RawReply | undefined, unanswered: number]> {
  const { client, timeout } = instance;
  const running = Array.from({ length: AT_ONCE }, () => askOne(client, subject, { body, timeout, headers }));
  const reply = await askInstance(instance, 'PING');
  return [reply, (await Promise.all(running)).filter((one) => one === undefined).length];
}

function checkErrorHeaders({ findings }: Instance, headers: ReceivedHeaders, where: string): void {
  const names = headers.keys().filter((name) => /^nats-service-error/i.test(name));
  const right = names.filter((name) => name === ERROR_CODE_HEADER || name === ERROR_HEADER);
  findings.check('error-headers', right.length === names.length, where, () => `the headers ${names.join(', ')}`);
  findings.check('error-headers', right.length !== 1, where, () => `${right.join()} without the other header`);
  const code = headers.get(ERROR_CODE_HEADER);
  const isNumber = code === undefined || /^-?\d+$/.test(code);
  findings.check('error-headers', isNumber, where, () => `${ERROR_CODE_HEADER}: ${shown(code)}`);
  const text = headers.get(ERROR_HEADER);
  findings.check('error-headers', text !== '', where, () => `${ERROR_HEADER} is empty`, 'warning');
}

/** What publishes with the client library take. */
function withHeaders(headers: Question['headers'] = {}): object {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
  return lines.length > 0 ? { headers: headerBlock(lines) } : {};
}

/** The counters, as soon as they are as expected, or after a second. */
async function settled(
  instances: readonly Instance[],
  target: Target,
  isDone: (now: Totals) => boolean,
): Promise<Totals> {
  const end = performance.now() + SETTLE;
  for (;;) {
    const now = await totals(instances, target);
    if (isDone(now) || performance.now() > end) return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function totals(instances: readonly Instance[], { listed }: Target): Promise<Totals> {
  const replies = await Promise.all(instances.map((instance) => askInstance(instance, 'STATS')));
  // Where several endpoints have the subject, a request is counted by any or by each of them.
  const endpoints = replies.flatMap((reply): Fields[] =>
    endpointsIn(reply?.json).filter((one) => one.subject === listed),
  );
  const sum = (field: string): number => endpoints.reduce((all, endpoint) => all + countOf(endpoint, field), 0);
  return { requests: sum('num_requests'), errors: sum('num_errors'), time: sum('processing_time') };
}

/** Discovery requests must not be counted as requests. */
export async function checkControlUncounted(instance: Instance): Promise<void> {
  const { findings, id } = instance;
  const count = (stats: RawReply | undefined): number =>
    endpointsIn(stats?.json).reduce((sum, endpoint) => sum + countOf(endpoint, 'num_requests'), 0);
  const before = await askInstance(instance, 'STATS');
  const asked = 20;
  for (let i = 0; i < asked; i++) await askInstance(instance, i % 2 === 0 ? 'PING' : 'INFO');
  const grown = count(await askInstance(instance, 'STATS')) - count(before);
  findings.check('stats-control', grown < asked, `${id} STATS`, () => {
    return `num_requests grew by ${grown} while ${asked} discovery requests were made`;
  });
}

/** Whether the instance is still there. */
export async function checkSurvives(instance: Instance): Promise<void> {
  const { findings, client, name, id, prefix } = instance;
  const subject = controlSubject('PING', name, id, prefix);
  const reply = await askOne(client, subject, { timeout: instance.timeout });
  findings.check('survives', reply !== undefined, id, () => `${subject} is not answered any more`);
}
