import type { GatheredReply } from '@natsmith/client';
import { Command } from 'commander';
import { checkPayload } from '../call/check-payload';
import { addHeader, headerValues, type HeaderLine } from '../call/headers';
import { readPayload } from '../call/payload';
import { errorForPrograms, headersOf, printBody, valueOf } from '../call/reply';
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

type Reply = GatheredReply<Uint8Array>;

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
        const { header, timeout = DEFAULT_TIMEOUT, json: asJson = false } = flags;
        const options = { headers: headerValues(header), timeout, stall: timeout, as: 'bytes' } as const;
        const replies: Reply[] = [];
        for await (const reply of client.gather<Uint8Array>(subject, payload.bytes, options)) {
          replies.push(reply);
          if (replies.length >= answers) break;
        }
        for (const reply of replies) show(reply, asJson);
        if (replies.length === 0) throw new Failure(ExitCode.nobody, `nobody answered on ${subject}`);
        if (replies.length < answers) note(`${replies.length} of ${answers} answers came in time`);
        if (replies.some(({ ok }) => !ok)) throw new Failure(ExitCode.refused);
      });
    });
  return withConnectionFlags(command);
}

function show(reply: Reply, asJson: boolean): void {
  const { instance, headers } = reply;
  if (asJson)
    return printJsonLine({
      ...(instance !== undefined && { instance }),
      headers: headersOf(headers),
      ...(reply.ok ? { data: valueOf(reply.value) ?? null } : { error: errorForPrograms(reply.error) }),
    });
  const who = instance === undefined ? undefined : `instance ${instance}`;
  if (!reply.ok)
    return note(
      `${who ?? 'an instance'} answered with the error ${reply.error.code}: ${harmless(reply.error.description)}`,
    );
  // A program that reads the replies asks for --json.
  if (who !== undefined && process.stdout.isTTY) note(`${who}:`);
  printBody(reply.value);
}
