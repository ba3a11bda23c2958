import { setTimeout as delay } from 'node:timers/promises';
import type { Discovered, EndpointInfo, InfoResponse, ServiceClient } from '@natsmith/client';
import { isCallable, nameProblem } from '@natsmith/protocol';
import { samplePayload } from '@natsmith/testing';
import { checkAgainst } from '../call/schema-check';
import { inOrder } from '../discover';
import { harmlessJson } from '../output/harmless';
import { paint } from '../output/output';
import { shapeOf } from '../output/schema-shape';
import { table } from '../output/table';

type Infos = readonly Discovered<InfoResponse>[];

const LOOK_EVERY = 50;
/** Characters of a payload to try. */
const MAX_SAMPLE = 500;
// On this machine replies come at once; the usual 300 ms would be most of a restart.
const LIMITS = { stall: 60, timeout: 1_000 };

/** The ids of all instances that run. */
export async function runningIds(client: ServiceClient): Promise<Set<string>> {
  return new Set((await inOrder(client.ping(undefined, undefined, LIMITS))).map(({ id }) => id));
}

/** Waits for services that did not run before, until they are all there; none when the signal is aborted first. */
export async function newServices(
  client: ServiceClient,
  before: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Infos> {
  let found: Infos = [];
  while (!signal.aborted) {
    const all = await inOrder(client.info(undefined, undefined, LIMITS));
    const now = all.filter(({ id }) => !before.has(id));
    // One that starts several services starts them one after the other.
    if (now.length > 0 && now.length === found.length) return now;
    found = now;
    await delay(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
  }
  return [];
}

/** What runs now, and how to try it. */
export async function announcement(infos: Infos): Promise<string> {
  const sorted = [...infos].sort((a, b) => a.name.localeCompare(b.name));
  const rows = sorted.flatMap(({ name, version, endpoints }) =>
    endpoints.map((endpoint, i) => [
      i === 0 ? `${name} ${version}` : '',
      endpoint.name,
      endpoint.metadata.subject_template ?? endpoint.subject,
      shapeOf(endpoint.metadata.request_schema),
    ]),
  );
  const first = sorted.find(({ endpoints }) => endpoints.some(isCallable));
  const endpoint = first?.endpoints.find(isCallable);
  const drawn = table(['service', 'endpoint', 'subject', 'takes'], rows);
  // It is there to be copied into a shell.
  if (endpoint === undefined || [first?.name, endpoint.name].some((name) => nameProblem(name) !== undefined))
    return drawn;
  return `${drawn}\n${paint.dim('try')} ${await callOf(first?.name ?? '', endpoint)}`;
}

/** The command line that calls an endpoint, with a payload that its schema accepts, as far as that can be seen. */
async function callOf(service: string, { name, metadata, subject }: EndpointInfo): Promise<string> {
  const template = metadata.subject_template ?? subject;
  const params = [...template.matchAll(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([, param]) => ` --param ${param}=1`);
  // Under `npm run dev` the command is the project's own, and no shell finds it by its name alone.
  const natsmith = process.env.npm_lifecycle_event === undefined ? 'natsmith' : 'npx natsmith';
  return `${natsmith} call ${service} ${name}${await payloadFor(metadata.request_schema)}${params.join('')}`;
}

async function payloadFor(schema: string | undefined): Promise<string> {
  if (schema === undefined) return '';
  try {
    const sample = samplePayload(JSON.parse(schema) as object);
    const verdict = await checkAgainst(schema, sample);
    const text = harmlessJson(sample);
    const isFit = text.length <= MAX_SAMPLE && !('problems' in verdict && verdict.problems.length > 0);
    return ` '${(isFit ? text : '...').replaceAll("'", `'\\''`)}'`;
  } catch {
    return '';
  }
}
