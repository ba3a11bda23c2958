import type { EndpointInfo, InfoResponse, ServiceClient } from '@natsmith/client';
import { isCallable } from '@natsmith/protocol';
import { InvalidArgumentError } from 'commander';
import { inOrder, listed, nobody, tellProblems } from '../discover';
import { ExitCode, Failure, wrongUse } from '../exit';

/** An endpoint, and how many answer where everybody on its subject is asked. */
export interface Target {
  readonly endpoint: EndpointInfo;
  readonly answers: number;
}

/** Finds an endpoint by its name, its method's name or its subject, in the first reply that has it. */
export async function findEndpoint(client: ServiceClient, service: string, wanted: string): Promise<EndpointInfo> {
  const infos: InfoResponse[] = [];
  const asked = client.info(service);
  for await (const info of asked) {
    infos.push(info);
    if (info.endpoints.filter(isCallable).some((endpoint) => isMeant(endpoint, wanted))) break;
  }
  tellProblems(asked.problems);
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
  const bySubject = new Map<string, EndpointInfo[]>();
  for (const endpoint of infos.flatMap(({ endpoints }) => endpoints.filter(isCallable))) {
    if (!isMeant(endpoint, wanted)) continue;
    bySubject.set(endpoint.subject, [...(bySubject.get(endpoint.subject) ?? []), endpoint]);
  }
  const [first, ...others] = bySubject.values();
  if (first === undefined)
    throw new Failure(
      ExitCode.nobody,
      `service "${service}" has no endpoint "${wanted}"; it has ${listed(namesIn(infos)) || 'none'}`,
    );
  if (others.length > 0)
    throw wrongUse(
      `service "${service}" has several endpoints "${wanted}"; write the subject instead of the name: ` +
        listed([...bySubject.keys()]),
    );
  // One of each queue group answers, and everybody without one.
  const alone = first.filter(({ queue_group: group }) => group === '');
  const groups = new Set(first.map(({ queue_group: group }) => group).filter((group) => group !== ''));
  const [endpoint] = [...alone, ...first];
  return { endpoint: endpoint as EndpointInfo, answers: alone.length + groups.size };
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
      `--param ${param}=${given}: a value in a subject must not be empty or contain ".", white space, "*" or ">"`,
    );
  return given;
}

function isMeant({ name, subject, metadata }: EndpointInfo, wanted: string): boolean {
  return name === wanted || metadata.method === wanted || subject === wanted || metadata.subject_template === wanted;
}

function namesIn(infos: readonly InfoResponse[]): string[] {
  return infos.flatMap(({ endpoints }) => endpoints.filter(isCallable).map(({ name }) => name));
}
