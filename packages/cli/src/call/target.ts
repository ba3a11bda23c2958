import { DiscoveryError, type EndpointInfo, type InfoResponse, type ServiceClient } from '@natsmith/client';
import { InvalidArgumentError } from 'commander';
import { nobody, inOrder } from '../discover';
import { ExitCode, Failure, wrongUse } from '../exit';
import { note } from '../output/output';

/** An endpoint, and how many instances have it. */
export interface Target {
  readonly endpoint: EndpointInfo;
  readonly instances: number;
}

/** Finds an endpoint by its name, its method's name or its subject, in the first reply that has it. */
export async function findEndpoint(client: ServiceClient, service: string, wanted: string): Promise<EndpointInfo> {
  const infos: InfoResponse[] = [];
  try {
    for await (const info of client.info(service)) {
      infos.push(info);
      if (info.endpoints.some((endpoint) => isMeant(endpoint, wanted))) break;
    }
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    note(error.message);
  }
  return (await pick(client, service, wanted, infos)).endpoint;
}

/** The same, of all instances. */
export async function findTarget(client: ServiceClient, service: string, wanted: string): Promise<Target> {
  return pick(client, service, wanted, await inOrder(client.info(service)));
}

/** @throws Failure 3 when there is none, 2 when there are several */
async function pick(
  client: ServiceClient,
  service: string,
  wanted: string,
  infos: readonly InfoResponse[],
): Promise<Target> {
  if (infos.length === 0) throw await nobody(client, service);
  const bySubject = new Map<string, { endpoint: EndpointInfo; ids: Set<string> }>();
  for (const { id, endpoints } of infos)
    for (const endpoint of endpoints) {
      if (!isMeant(endpoint, wanted)) continue;
      const entry = bySubject.get(endpoint.subject) ?? { endpoint, ids: new Set() };
      bySubject.set(endpoint.subject, { ...entry, ids: entry.ids.add(id) });
    }
  const [first, ...others] = bySubject.values();
  if (first === undefined)
    throw new Failure(
      ExitCode.nobody,
      `service "${service}" has no endpoint "${wanted}"; there are ${namesIn(infos).join(', ') || 'none'}`,
    );
  if (others.length > 0)
    throw wrongUse(
      `service "${service}" has several endpoints "${wanted}"; write the subject instead of the name: ` +
        [...bySubject.keys()].join(', '),
    );
  return { endpoint: first.endpoint, instances: first.ids.size };
}

/** Adds one `--param name=value` to those before it. */
export function addParam(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('give name=value.');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** The subject to call: named tokens filled in. */
export function subjectOf({ name, subject, metadata }: EndpointInfo, params: Readonly<Record<string, string>>): string {
  const template = metadata.subject_template ?? subject;
  const unused = new Set(Object.keys(params));
  const tokens = template.split('.').map((token, i) => {
    // Tokens without a name are given by their place, from 1.
    const param = /^\{(.+)\}$/.exec(token)?.[1] ?? (token === '*' ? String(i + 1) : undefined);
    if (param === undefined) return token;
    unused.delete(param);
    return value(param, params[param], template);
  });
  const [extra] = unused;
  if (extra !== undefined) throw wrongUse(`the subject ${template} of endpoint "${name}" has no token {${extra}}`);
  if (tokens.at(-1) === '>')
    throw wrongUse(`the subject ${template} of endpoint "${name}" ends with ">"; use "nats req" with a whole subject`);
  return tokens.join('.');
}

function value(param: string, given: string | undefined, template: string): string {
  if (given === undefined) throw wrongUse(`the subject ${template} needs a value: --param ${param}=...`);
  // Anything that would change which subject is meant.
  // eslint-disable-next-line no-control-regex
  if (given === '' || /[.*>\s\u0000-\u001f\u007f]/.test(given))
    throw wrongUse(
      `--param ${param}=${given}: a value in a subject may not be empty, nor hold ".", blanks, "*" or ">"`,
    );
  return given;
}

function isMeant({ name, subject, metadata }: EndpointInfo, wanted: string): boolean {
  return name === wanted || metadata.method === wanted || subject === wanted || metadata.subject_template === wanted;
}

function namesIn(infos: readonly InfoResponse[]): string[] {
  return [...new Set(infos.flatMap(({ endpoints }) => endpoints.map(({ name }) => name)))].sort();
}
