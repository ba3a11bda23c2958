import { ServiceClient } from '@natsmith/client';
import {
  checkOptions,
  controlSubject,
  instanceIdProblem,
  millisecondsOfOption,
  nameProblem,
  queueGroupProblem,
  errorNamed,
  type Connection,
} from '@natsmith/protocol';
import { CHECK_OPTIONS, type CheckOptions } from './check-options';
import { checkContents, checkStats } from './contents';
import { checkControl, checkNoQueueGroup, checkOddRequests, checkUnknown } from './control';
import { askInstance, endpointsIn, shown, type Instance } from './instance';
import { checkNeighbours } from './neighbours';
import { Findings, type CheckReport } from './report';
import { checkControlUncounted, checkRequests, checkSurvives } from './requests';
import { RULES, type RuleId } from './rules';
import { chooseTargets } from './targets';
import { ask, type Fields } from './wire';

const DEFAULT_PREFIX = '$SRV';
const DEFAULT_TIMEOUT = 2_000;
/** Instances that are checked: each is asked some fifty times. */
const MAX_INSTANCES = 100;

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
  checkOptions(options, CHECK_OPTIONS, 'checkService()');
  const problem = nameProblem(service);
  if (problem !== undefined) throw new TypeError(`service name ${problem}`);
  const client = new ServiceClient(connection);
  try {
    return await check(client, service, options);
  } finally {
    await client.close();
  }
}

async function check(client: ServiceClient, service: string, options: CheckOptions): Promise<CheckReport> {
  const findings = new Findings();
  const { ids, infos } = await findInstances(client, service, options, findings);
  const all = ids.map((id): Instance => ({
    client,
    name: service,
    id,
    findings,
    timeout: millisecondsOfOption('timeout', options.timeout) ?? DEFAULT_TIMEOUT,
    prefix: options.prefix ?? DEFAULT_PREFIX,
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
  const { targets, skipped: uncalled } = chooseTargets(info, options);
  for (const target of targets)
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
    .map((rule) => ({ rule, reason: reasonFor(rule, options, uncalled) }));
  return { service, instances: chosen.map(({ id }) => id), checked, skipped, findings: findings.list };
}

/** Asks at two levels, so that a service that misses one is found all the same. */
async function findInstances(
  client: ServiceClient,
  service: string,
  { id, prefix = DEFAULT_PREFIX }: CheckOptions,
  findings: Findings,
): Promise<{ ids: string[]; infos: Fields[] }> {
  const subjects = [
    controlSubject('PING', '', '', prefix),
    controlSubject('PING', service, '', prefix),
    controlSubject('INFO', '', '', prefix),
  ];
  const asked = subjects.map((subject) => ask(client, subject, { timeout: 500 }));
  const replies = (await Promise.all(asked)).map((some) =>
    some.flatMap(({ json }) => (json === undefined ? [] : [json])),
  );
  const ids = replies.map((some) => some.filter(({ name }) => name === service).map(({ id }) => String(id)));
  const all = [...new Set(ids.flat())];
  // An id becomes a token of subjects that are asked.
  const unfit = all.filter((one) => instanceIdProblem(one) !== undefined);
  for (const one of unfit)
    findings.check('id-nuid', false, service, () => `an instance answers as the id ${shown(one)}`);
  const found = all.filter((one) => !unfit.includes(one)).slice(0, MAX_INSTANCES);
  if (id !== undefined && !found.includes(id))
    throw errorNamed('noInstance', { service, id, found: found.join(', ') || 'none' });
  if (found.length === 0) throw errorNamed('noService', { service });
  const twice = ids.map((some) => some.filter((one, i) => some.indexOf(one) !== i)).find((some) => some.length > 0);
  findings.check('unique-id', twice === undefined, service, () => `the id ${twice?.[0] ?? ''} answers more than once`);
  return { ids: found, infos: replies[2] ?? [] };
}

function groupsIn(info: Fields): string[] {
  return endpointsIn(info)
    .map(({ queue_group: group }) => group)
    .filter((group): group is string => typeof group === 'string' && queueGroupProblem(group) === undefined);
}

function reasonFor(rule: RuleId, { load }: CheckOptions, uncalled: string | undefined): string {
  if (rule === 'control-while-busy' && !load) return 'requests at a time are made with --load only';
  if (NEEDS_CALLS.includes(rule) || rule === 'control-while-busy')
    return uncalled !== undefined
      ? uncalled
      : load
        ? 'no endpoint could be called'
        : 'no endpoint says that it is idempotent; give --load, or the option "load", to call them';
  return 'the instance does not answer';
}
