import { setTimeout as delay } from 'node:timers/promises';
import type { Discovered, EndpointInfo, InfoResponse, ServiceClient } from '@natsmith/client';
import { samplePayload } from '@natsmith/testing';
import { isValid } from '../call/check-payload';
import { inOrder } from '../discover';
import { harmless, paint } from '../output/output';
import { shapeOf } from '../output/schema-shape';
import { table } from '../output/table';

type Infos = readonly Discovered<InfoResponse>[];

const LOOK_EVERY = 50;
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
export function announcement(infos: Infos): string {
  const sorted = [...infos].sort((a, b) => a.name.localeCompare(b.name));
  const rows = sorted.flatMap(({ name, version, endpoints }) =>
    endpoints.map((endpoint, i) => [
      i === 0 ? `${name} ${version}` : '',
      endpoint.name,
      endpoint.metadata.subject_template ?? endpoint.subject,
      shapeOf(endpoint.metadata.request_schema),
    ]),
  );
  const [first] = sorted;
  const [endpoint] = first?.endpoints ?? [];
  const attempt = first && endpoint && `\n${paint.dim('try')} ${callOf(first.name, endpoint)}`;
  return `${table(['service', 'endpoint', 'subject', 'takes'], rows)}${attempt ?? ''}`;
}

/** The command line that calls an endpoint, with a payload that it takes as far as its schema tells. */
export function callOf(service: string, { name, metadata, subject }: EndpointInfo): string {
  const template = metadata.subject_template ?? subject;
  const params = [...template.matchAll(/\{(.+?)\}/g)].map(([, param]) => ` --param ${param}=1`);
  // Under `npm run dev` the command is the project's own, and no shell finds it by its name alone.
  const natsmith = process.env.npm_lifecycle_event === undefined ? 'natsmith' : 'npx natsmith';
  const words = [natsmith, 'call', harmless(service), harmless(name)].join(' ');
  return `${words}${payloadFor(metadata.request_schema)}${params.join('')}`;
}

function payloadFor(schema: string | undefined): string {
  if (schema === undefined) return '';
  try {
    const sample = samplePayload(JSON.parse(schema) as object);
    const text = isValid(schema, sample) === false ? '...' : JSON.stringify(sample);
    return ` '${text.replaceAll("'", `'\\''`)}'`;
  } catch {
    return '';
  }
}
