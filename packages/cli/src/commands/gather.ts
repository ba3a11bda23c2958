import { headersIn, INSTANCE_HEADER, instanceIdProblem, isNoResponders, type Message } from '@natsmith/protocol';
import { Command } from 'commander';
import type { NatsConnection } from 'nats';
import { checkPayload } from '../call/check-payload';
import { addHeader, type HeaderLine } from '../call/headers';
import { send, type Request } from '../call/inbox';
import { readPayload } from '../call/payload';
import { errorIn, headersOf, printBody, valueOf } from '../call/reply';
import { addParam, findTarget, subjectOf } from '../call/target';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { ExitCode, Failure, wrongUse } from '../exit';
import { harmless } from '../output/harmless';
import { note, printJsonLine } from '../output/output';

interface Flags extends ConnectionFlags {
  header?: HeaderLine[];
  param?: Record<string, string>;
  check: boolean;
  json?: boolean;
}

const DEFAULT_TIMEOUT = 5_000;

export function gather(): Command {
  const command = new Command('gather')
    .description('Asks all instances of an endpoint that has no queue group, and prints each reply.')
    .argument('<service>', "the service's name")
    .argument('<endpoint>', "the endpoint's name, or its subject")
    .argument('[json]', 'the payload; @file reads it from a file, - from stdin; none is an empty body')
    .option('-H, --header <name:value>', 'a header of the request; can be repeated', addHeader)
    .option('-p, --param <name=value>', 'a value for a named token of the subject; can be repeated', addParam)
    .option('--no-check', 'send the payload without checking it against the schema in INFO')
    .option('--json', 'print { instance, headers, data } or { instance, headers, error } on one line for each reply')
    .addHelpText('after', examples('natsmith gather cache size', 'natsmith gather cache size --json'))
    .action(async (service: string, name: string, json: string | undefined, flags: Flags) => {
      const payload = readPayload(json);
      await withClient(flags, async (client) => {
        const { endpoint, answers } = await findTarget(client, service, name);
        if (endpoint.queue_group !== '')
          throw wrongUse(
            `endpoint "${endpoint.name}" is in the queue group "${endpoint.queue_group}", so one instance answers; ` +
              `use "natsmith call ${service} ${name}"`,
          );
        const subject = subjectOf(endpoint, flags.param ?? {});
        if (flags.check) await checkPayload(endpoint, payload.value);
        const request = {
          subject,
          body: payload.bytes,
          headers: [...(flags.header ?? []), [INSTANCE_HEADER, '?'] as const],
        };
        const replies = await replyOfEach(client.connection, request, answers, flags.timeout ?? DEFAULT_TIMEOUT);
        show(replies, subject, answers, flags.json === true);
      });
    });
  return withConnectionFlags(command);
}

/** Gathers until every instance has answered, or the time is up. */
function replyOfEach(
  connection: NatsConnection,
  request: Request,
  expected: number,
  timeout: number,
): Promise<readonly Message[]> {
  return new Promise((resolve) => {
    const replies: Message[] = [];
    const end = (): void => {
      clearTimeout(timer);
      stop();
      resolve(replies);
    };
    const timer = timeout < Infinity ? setTimeout(end, timeout) : undefined;
    const stop = send(connection, request, (message) => {
      if (isNoResponders(message)) return end();
      if (replies.push(message) >= expected) end();
    });
  });
}

/** The id that the reply of a natsmith service says. */
function instanceOf(reply: Message): string | undefined {
  const instance = headersIn(reply)?.get(INSTANCE_HEADER);
  return instance === undefined || instanceIdProblem(instance) !== undefined ? undefined : instance;
}

function show(replies: readonly Message[], subject: string, expected: number, asJson: boolean): void {
  for (const reply of replies) {
    const error = errorIn(reply);
    const instance = instanceOf(reply);
    if (asJson) {
      const said = error && { code: error.code, description: error.description, data: error.data };
      const outcome = said === undefined ? { data: valueOf(reply.data) ?? null } : { error: said };
      printJsonLine({ ...(instance !== undefined && { instance }), headers: headersOf(reply), ...outcome });
    } else if (error === undefined) {
      // A program that reads the replies asks for --json.
      if (instance !== undefined && process.stdout.isTTY) note(`instance ${instance}:`);
      printBody(reply.data);
    } else
      note(
        `${instance === undefined ? 'an instance' : `instance ${instance}`} answered with the error ${error.code}: ${harmless(error.description)}`,
      );
  }
  if (replies.length === 0) throw new Failure(ExitCode.nobody, `nobody answered on ${subject}`);
  if (replies.length < expected) note(`${replies.length} of ${expected} answers came in time`);
  if (replies.some((reply) => errorIn(reply) !== undefined)) throw new Failure(ExitCode.refused);
}
