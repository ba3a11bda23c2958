import { isCallable, subjectProblem, subjectsOverlap } from '@natsmith/protocol';
import type { CheckOptions } from './check-options';
import { endpointsIn, shown } from './instance';
import type { Target } from './requests';
import { samplePayload } from './sample-payload';
import type { Fields } from './wire';

/** What is called, and why the rest of what was asked for is not. */
export function chooseTargets(info: Fields, options: CheckOptions): { targets: Target[]; skipped: string | undefined } {
  const { endpoint: wanted, load = false, payload, params = {}, headers } = options;
  const targets: Target[] = [];
  const reasons: string[] = [];
  const endpoints = endpointsIn(info).filter((one) => isCallable(one));
  for (const endpoint of endpoints) {
    const { name, subject } = endpoint;
    if (typeof name !== 'string' || typeof subject !== 'string') continue;
    const metadata = (endpoint.metadata ?? {}) as Fields;
    const isWanted = wanted === undefined ? load || metadata.idempotent === 'true' : name === wanted;
    if (!isWanted) continue;
    const template = typeof metadata.subject_template === 'string' ? metadata.subject_template : subject;
    const filled = fillSubject(template, params);
    if ('missing' in filled)
      reasons.push(
        `the subject ${shown(template)} of endpoint ${shown(name)} needs a value: --param ${filled.missing}=..., or the option "params"`,
      );
    else if (subjectProblem(filled.subject, 'none', 'plain') !== undefined || !subjectsOverlap(filled.subject, subject))
      reasons.push(`the subject ${shown(template)} of endpoint ${shown(name)} cannot be called`);
    else targets.push({ name, listed: subject, subject: filled.subject, body: bodyFor(metadata, payload), headers });
  }
  if (wanted !== undefined && !endpoints.some(({ name }) => name === wanted))
    reasons.push(
      `there is no endpoint ${shown(wanted)}; the service has ${endpoints.map(({ name }) => shown(name)).join(', ')}`,
    );
  return { targets, skipped: targets.length === 0 ? reasons[0] : undefined };
}

function fillSubject(
  template: string,
  params: Readonly<Record<string, string>>,
): { subject: string } | { missing: string } {
  const tokens: string[] = [];
  for (const [i, token] of template.split('.').entries()) {
    const param = /^\{(.+)\}$/.exec(token)?.[1] ?? (token === '*' ? String(i + 1) : undefined);
    const value = param === undefined ? token : params[param];
    if (value === undefined) return { missing: shownName(param ?? '') };
    tokens.push(value);
  }
  return { subject: tokens.join('.') };
}

function shownName(param: string): string {
  return /^\w+$/.test(param) ? param : '<name>';
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
