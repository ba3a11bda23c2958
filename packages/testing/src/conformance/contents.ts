import { nameProblem, subjectProblem, versionProblem } from '@natsmith/protocol';
import type { Replies } from './control';
import { countOf, endpointsIn, shown, type Instance } from './instance';
import type { Fields } from './wire';

/** Checks what an instance says of itself, field by field. */
export function checkContents(instance: Instance, { PING, INFO, STATS }: Replies): void {
  const { findings, id } = instance;
  const any = INFO ?? STATS ?? PING;
  if (any === undefined) return;
  findings.check('service-name', nameProblem(any.name) === undefined, id, () => `name ${shown(any.name)}`);
  findings.check('id-nuid', /^[A-Za-z0-9]{22}$/.test(id), id, () => `id ${shown(id)}`, 'warning');
  const problem = versionProblem(any.version);
  findings.check('version', problem === undefined, id, () => `version ${problem ?? ''}`);
  checkMetadata(instance, any, id);
  if (INFO !== undefined) checkInfo(instance, INFO);
  if (STATS !== undefined) checkStats(instance, STATS);
  if (INFO !== undefined && STATS !== undefined) checkSameEndpoints(instance, INFO, STATS);
}

/** The numbers and strings of a STATS reply. */
export function checkStats({ findings, id }: Instance, stats: Fields): void {
  const { started } = stats;
  const isTime =
    typeof started === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(started);
  findings.check('stats-started', isTime, `${id} STATS`, () => `started ${shown(started)}`);
  const isUtc = !isTime || /(Z|\+00:00)$/.test(started);
  findings.check('stats-started', isUtc, `${id} STATS`, () => `started ${shown(started)}`, 'warning');
  for (const endpoint of endpointsIn(stats)) {
    const where = `${id} STATS endpoint ${shown(endpoint.name)}`;
    const numbers = ['num_requests', 'num_errors', 'processing_time', 'average_processing_time'];
    const wrong = numbers.filter((field) => !Number.isInteger(endpoint[field]) || Number(endpoint[field]) < 0);
    const said = (): string => wrong.map((field) => `${field} ${shown(endpoint[field])}`).join(', ');
    findings.check('stats-integers', wrong.length === 0, where, said);
    const requests = countOf(endpoint, 'num_requests');
    const time = countOf(endpoint, 'processing_time');
    const average = requests === 0 ? 0 : Math.floor(time / requests);
    findings.check(
      'stats-average',
      wrong.length > 0 || endpoint.average_processing_time === average,
      where,
      () =>
        `average_processing_time ${shown(endpoint.average_processing_time)}, where ${time} / ${requests} gives ${average}`,
      'warning',
    );
    const last = endpoint.last_error;
    findings.check('stats-last-error', typeof last === 'string', where, () => `last_error ${shown(last)}`);
    const hasErrors = countOf(endpoint, 'num_errors') > 0;
    const fits = typeof last !== 'string' || (hasErrors ? /^-?\d+:/.test(last) : last === '');
    const errors = `${hasErrors ? countOf(endpoint, 'num_errors') : 'no'} errors`;
    findings.check('stats-last-error', fits, where, () => `last_error ${shown(last)} with ${errors}`, 'warning');
  }
}

function checkInfo(instance: Instance, info: Fields): void {
  const { findings, id } = instance;
  const isList = Array.isArray(info.endpoints);
  findings.check('endpoints', isList, `${id} INFO`, () => `endpoints ${shown(info.endpoints)}`);
  const none = isList && endpointsIn(info).length === 0;
  findings.check('endpoints', !none, `${id} INFO`, () => 'no endpoints', 'warning');
  for (const endpoint of endpointsIn(info)) {
    const where = `${id} INFO endpoint ${shown(endpoint.name)}`;
    findings.check(
      'endpoint-name',
      nameProblem(endpoint.name) === undefined,
      where,
      () => `name ${shown(endpoint.name)}`,
    );
    const problem = subjectProblem(endpoint.subject);
    findings.check('endpoint-subject', problem === undefined, where, () => `subject ${problem ?? ''}`);
    checkMetadata(instance, endpoint, where);
  }
}

function checkMetadata({ findings }: Instance, { metadata }: Fields, where: string): void {
  const isMap = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  // The schemas let null pass, and clients that read a map may not.
  findings.check('metadata', isMap, where, () => `metadata ${shown(metadata)}`, 'warning');
  const entries = isMap ? Object.entries(metadata) : [];
  const noText = entries.filter(([, value]) => typeof value !== 'string').map(([key]) => key);
  findings.check('metadata', noText.length === 0, where, () => `no string in ${noText.join(', ')}`);
  const reserved = entries.map(([key]) => key).filter((key) => key.startsWith('_nats'));
  findings.check('metadata', reserved.length === 0, where, () => `the reserved ${reserved.join(', ')}`, 'warning');
}

function checkSameEndpoints({ findings, id }: Instance, info: Fields, stats: Fields): void {
  const key = ({ name, subject }: Fields): string => `${shown(name)} on ${shown(subject)}`;
  const inInfo = new Set(endpointsIn(info).map(key));
  const inStats = new Set(endpointsIn(stats).map(key));
  const missing = [...inInfo].filter((one) => !inStats.has(one));
  const extra = [...inStats].filter((one) => !inInfo.has(one));
  findings.check('stats-endpoints', missing.length + extra.length === 0, `${id} STATS`, () =>
    [...missing.map((one) => `${one} is missing`), ...extra.map((one) => `${one} is not in INFO`)].join('; '),
  );
  for (const [verb, reply] of [
    ['INFO', info],
    ['STATS', stats],
  ] as const)
    for (const endpoint of endpointsIn(reply)) {
      const group = endpoint.queue_group;
      const where = `${id} ${verb} endpoint ${shown(endpoint.name)}`;
      findings.check('queue-group', typeof group === 'string', where, () => `queue_group ${shown(group)}`);
    }
  // Endpoints of one name may share a subject, in different queue groups.
  const groups = new Map<string, string[]>();
  for (const endpoint of endpointsIn(info))
    groups.set(key(endpoint), [...(groups.get(key(endpoint)) ?? []), shown(endpoint.queue_group)]);
  for (const endpoint of endpointsIn(stats)) {
    const before = groups.get(key(endpoint)) ?? [];
    const where = `${id} STATS endpoint ${shown(endpoint.name)}`;
    const group = shown(endpoint.queue_group);
    findings.check('queue-group', before.length === 0 || before.includes(group), where, () => {
      return `queue_group ${group}, but ${before.join(' and ')} in INFO`;
    });
  }
}
