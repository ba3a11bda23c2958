import { controlSubject, ServiceError, type Connection } from '@natsmith/protocol';
import { checkContents, checkStats } from './contents';
import { checkControl, checkNoQueueGroup, checkOddRequests, checkUnknown } from './control';
import { askInstance, endpointsIn, type Instance } from './instance';
import { checkNeighbours } from './neighbours';
import { Findings, type CheckReport } from './report';
import { checkControlUncounted, checkRequests, checkSurvives, type Target } from './requests';
import { RULES, type RuleId } from './rules';
import { samplePayload } from './sample-payload';
import { ask, type Fields } from './wire';

/** What `checkService` takes besides the service's name. */
export interface CheckOptions {
  /** One instance; default: all. */
  id?: string;
  /**
   * Calls endpoints, with junk, without a reply subject and many at a time, too. Without it only endpoints are called,
   * a few times, that say they are `idempotent` in their metadata.
   */
  load?: boolean;
  /** The endpoint that is called, by its name; default: each that has a literal subject. */
  endpoint?: string;
  /** What calls send, as JSON; default: a sample of the endpoint's `request_schema`, else an empty body. */
  payload?: unknown;
  /** Milliseconds that an answer is waited for; default 2,000. */
  timeout?: number;
}

const NEEDS_CALLS: readonly RuleId[] = [
  'request-answered',
  'error-headers',
  'stats-requests',
  'stats-errors',
  'stats-time',
];

/**
 * Checks from outside that a running service, of any language, keeps the services protocol (ADR-32).
 * @param connection of `nats` 2 or `@nats-io/transport-node` 3
 * @throws ServiceError 503 when nobody answers as that service
 */
export async function checkService(
  connection: Connection,
  service: string,
  options: CheckOptions = {},
): Promise<CheckReport> {
  const findings = new Findings();
  const { ids, infos } = await findInstances(connection, service, options.id, findings);
  const all = ids.map((id): Instance => ({
    connection,
    name: service,
    id,
    findings,
    timeout: options.timeout ?? 2_000,
  }));
  const chosen = all.filter(({ id }) => options.id === undefined || id === options.id);
  let info: Fields = {};
  for (const instance of chosen) {
    const replies = await checkControl(instance);
    checkContents(instance, replies);
    info = replies.INFO ?? info;
    await checkOddRequests(instance);
    await checkUnknown(instance);
    await checkNoQueueGroup(instance, groupsIn(info));
    await checkControlUncounted(instance);
  }
  const [first] = chosen;
  if (first !== undefined) checkNeighbours(first, info, infos);
  for (const target of targets(info, options))
    await checkRequests(
      all,
      target,
      options.load ? { requests: 10, withLoad: true } : { requests: 3, withLoad: false },
    );
  for (const instance of chosen) {
    await checkSurvives(instance);
    // Times are whole by chance as long as nothing has been called.
    const stats = (await askInstance(instance, 'STATS'))?.json;
    if (stats !== undefined) checkStats(instance, stats);
  }
  const checked = [...findings.checked];
  const skipped = (Object.keys(RULES) as RuleId[])
    .filter((rule) => !findings.checked.has(rule))
    .map((rule) => ({ rule, reason: reasonFor(rule, options) }));
  return { service, instances: chosen.map(({ id }) => id), checked, skipped, findings: findings.list };
}

/** Asks at two levels, so that a service that misses one is found all the same. */
async function findInstances(
  connection: Connection,
  service: string,
  id: string | undefined,
  findings: Findings,
): Promise<{ ids: string[]; infos: Fields[] }> {
  const subjects = [controlSubject('PING'), controlSubject('PING', service), controlSubject('INFO')];
  const asked = subjects.map((subject) => ask(connection, subject, { timeout: 500 }));
  const replies = (await Promise.all(asked)).map((some) =>
    some.flatMap(({ json }) => (json === undefined ? [] : [json])),
  );
  const ids = replies.map((some) => some.filter(({ name }) => name === service).map(({ id }) => String(id)));
  const found = [...new Set(ids.flat())];
  if (id !== undefined && !found.includes(id))
    throw new ServiceError(
      503,
      `no instance of service "${service}" has the id ${id}; found ${found.join(', ') || 'none'}`,
    );
  if (found.length === 0) throw new ServiceError(503, `nobody answers as service "${service}"`);
  const twice = ids.map((some) => some.filter((one, i) => some.indexOf(one) !== i)).find((some) => some.length > 0);
  findings.check('unique-id', twice === undefined, service, () => `the id ${twice?.[0] ?? ''} answers more than once`);
  return { ids: found, infos: replies[2] ?? [] };
}

function targets(info: Fields, { endpoint: wanted, load = false, payload }: CheckOptions): Target[] {
  return endpointsIn(info).flatMap((endpoint) => {
    const { name, subject } = endpoint;
    if (typeof name !== 'string' || typeof subject !== 'string' || /[*>]/.test(subject)) return [];
    const metadata = (endpoint.metadata ?? {}) as Fields;
    const isWanted = wanted === undefined ? load || metadata.idempotent === 'true' : name === wanted;
    return isWanted ? [{ name, subject, body: bodyFor(metadata, payload) }] : [];
  });
}

function bodyFor({ request_schema: schema }: Fields, payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  if (payload !== undefined) return Buffer.from(JSON.stringify(payload));
  if (typeof schema !== 'string') return new Uint8Array(0);
  try {
    return Buffer.from(JSON.stringify(samplePayload(JSON.parse(schema) as object)));
  } catch {
    return new Uint8Array(0);
  }
}

function groupsIn(info: Fields): string[] {
  return endpointsIn(info)
    .map(({ queue_group: group }) => group)
    .filter((group): group is string => typeof group === 'string');
}

function reasonFor(rule: RuleId, { load }: CheckOptions): string {
  if (rule === 'control-while-busy' && !load) return 'requests at a time are made with --load only';
  if (NEEDS_CALLS.includes(rule) || rule === 'control-while-busy')
    return load
      ? 'no endpoint could be called'
      : 'no endpoint says that it is idempotent; give --load, or the option "load", to call them';
  return 'the instance does not answer';
}
