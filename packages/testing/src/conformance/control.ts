import { controlSubject, ERROR_HEADER, maxPayloadOf, VERBS, type Verb } from '@natsmith/protocol';
import { askInstance, shown, type Instance } from './instance';
import { schemaProblems } from './schemas';
import { ask, type Fields, type RawReply } from './wire';

/** Milliseconds after the latest reply that the `nats` command stops listening. */
export const PROMPT = 300;
/** How often a late answer is asked for again: a busy machine is late once, a service that is late is late always. */
export const REPEATS = 2;
const TOO_MANY = 50;

/** What an instance answers to each verb. */
export type Replies = Partial<Record<Verb, Fields>>;

/** Asks all nine discovery subjects, and checks who answers, how often, how fast, and in which form. */
export async function checkControl(instance: Instance): Promise<Replies> {
  const { name, id, findings, prefix } = instance;
  const seen: { verb: Verb; subject: string; json: Fields }[] = [];
  const asked = VERBS.flatMap((verb) =>
    [
      controlSubject(verb, '', '', prefix),
      controlSubject(verb, name, '', prefix),
      controlSubject(verb, name, id, prefix),
    ].map((subject) => ({
      verb,
      subject,
      replies: repliesOf(instance, subject),
    })),
  );
  for (const { verb, subject, replies } of asked) {
    const where = `${id} ${subject}`;
    const own = await replies;
    const [reply] = own;
    const silence = `was not answered within ${instance.timeout} ms`;
    findings.check('control-answers', own.length === 1, where, () =>
      own.length === 0 ? silence : `was answered ${own.length} times`,
    );
    if (reply === undefined) continue;
    const { headers, json } = reply;
    let { rtt } = reply;
    for (let repeats = 0; rtt >= PROMPT && repeats < REPEATS; repeats++)
      rtt = Math.min(rtt, (await repliesOf(instance, subject))[0]?.rtt ?? rtt);
    const error = headers.get(ERROR_HEADER);
    findings.check('control-answers', error === undefined, where, () => `was answered with the error "${error}"`);
    findings.check('control-prompt', rtt < PROMPT, where, () => `was answered after ${Math.round(rtt)} ms`);
    const names = headers.keys();
    findings.check('control-no-headers', names.length === 0, where, () => `headers ${names.join(', ')}`, 'warning');
    const problems = schemaProblems(verb, json);
    findings.check('control-schema', problems.length === 0, `${id} ${verb}`, () => problems.join('; '));
    if (json !== undefined) seen.push({ verb, subject, json });
  }
  checkIdentity(instance, seen);
  return Object.fromEntries(seen.map(({ verb, json }) => [verb, json]));
}

/** Requests that are unusual, and must change nothing. */
export async function checkOddRequests(instance: Instance): Promise<void> {
  const { client, name, id, findings, prefix } = instance;
  const large = Math.min(500_000, maxPayloadOf(client.connection) - 1_024);
  const odd: [string, { body?: Uint8Array; headers?: Record<string, string> }][] = [
    ['an empty body', {}],
    ['the body {}', { body: Buffer.from('{}') }],
    ['a body that is not JSON', { body: Buffer.from('{"a":') }],
    ['a body that is not UTF-8', { body: Uint8Array.of(0, 255, 254, 13, 10) }],
    ['headers', { headers: { 'X-Odd': 'yes', 'Nats-Service-Error': 'no' } }],
    [`a body of ${large} bytes`, { body: Buffer.alloc(large, 'x') }],
  ];
  for (const verb of VERBS) {
    const normal = await askInstance(instance, verb);
    if (normal === undefined) continue; // reported by control-answers
    for (const [what, question] of odd) {
      const reply = await askInstance(instance, verb, question);
      const isNormal = reply?.json !== undefined && reply.json.type === normal.json?.type;
      findings.check('control-any-body', isNormal, `${id} ${verb}`, () =>
        reply === undefined ? `${what} got no answer` : `${what} got another answer than an empty body`,
      );
    }
    client.connection.publish(controlSubject(verb, name, id, prefix), Buffer.from('no reply wanted'));
    const after = await askInstance(instance, verb);
    findings.check('control-no-reply-subject', after !== undefined, `${id} ${verb}`, () => 'it answers no more');
  }
}

/** Subjects that nobody may answer. */
export async function checkUnknown(instance: Instance): Promise<void> {
  const { client, name, id, findings, prefix } = instance;
  const otherCase = [...name].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');
  const subjects = [
    `${prefix}.NOPE`,
    `${prefix}.NOPE.${name}`,
    `${prefix}.NOPE.${name}.${id}`,
    `${prefix}.ping.${name}`,
    `${prefix}.ping.${name}.${id}`,
    `${prefix}.PING.${name}.${id}x`,
    `${prefix}.PING.${name}.${id}.more`,
    ...(otherCase === name ? [] : [`${prefix}.PING.${otherCase}`]),
  ];
  await Promise.all(
    subjects.map(async (subject) => {
      const replies = await ask(client, subject, { timeout: 150, enough: (all) => all.some(isFrom(id)) });
      findings.check('control-unknown', !replies.some(isFrom(id)), `${id} ${subject}`, () => 'was answered');
    }),
  );
}

/**
 * Joins each queue group on the instance's own PING subject: if the instance were in that group, the requests would be
 * shared out between the two.
 */
export async function checkNoQueueGroup(instance: Instance, groups: readonly string[]): Promise<void> {
  const { client, name, id, findings, prefix } = instance;
  const requests = 12;
  for (const queue of new Set(['q', ...groups.filter((group) => group !== '')])) {
    const subscription = client.connection.subscribe(controlSubject('PING', name, id, prefix), {
      queue,
      callback: () => undefined,
    });
    await client.connection.flush();
    const asked = Array.from({ length: requests }, () => askInstance(instance, 'PING'));
    const answered = (await Promise.all(asked)).filter((reply) => reply !== undefined).length;
    subscription.unsubscribe();
    findings.check('control-no-queue-group', answered === requests, `${id} PING`, () => {
      return `beside a member of the queue group "${queue}", ${answered} of ${requests} requests were answered`;
    });
  }
}

async function repliesOf({ client, id, timeout }: Instance, subject: string): Promise<RawReply[]> {
  const isOwn = subject.endsWith(`.${id}`) ? () => true : isFrom(id);
  const enough = (all: readonly RawReply[]): boolean => all.some(isOwn);
  return (await ask(client, subject, { timeout, enough, linger: TOO_MANY })).filter(isOwn);
}

function isFrom(id: string): (reply: RawReply) => boolean {
  return ({ json }) => json?.id === id;
}

function checkIdentity({ findings, id }: Instance, seen: readonly { subject: string; json: Fields }[]): void {
  const [first] = seen;
  for (const { subject, json } of seen)
    for (const field of ['name', 'id', 'version', 'metadata'])
      findings.check('identity', same(json[field], first?.json[field]), `${id} ${subject}`, () => {
        return `${field} ${shown(json[field])}, but ${shown(first?.json[field])} on ${first?.subject ?? ''}`;
      });
}

function same(a: unknown, b: unknown): boolean {
  return sorted(a) === sorted(b);
}

function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
