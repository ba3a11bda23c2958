import { isNoResponders, StreamError, type Message, type ServiceError } from '@natsmith/protocol';
import { Command } from 'commander';
import { checkPayload } from '../call/check-payload';
import { exchange, type Exchange } from '../call/exchange';
import { addHeader, type HeaderLine } from '../call/headers';
import { readPayload } from '../call/payload';
import { errorIn, headersOf, printBody, valueOf } from '../call/reply';
import { addParam, findEndpoint, subjectOf } from '../call/target';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { ExitCode, Failure } from '../exit';
import { harmless, paint, print } from '../output/output';

interface Flags extends ConnectionFlags {
  header?: HeaderLine[];
  param?: Record<string, string>;
  check: boolean;
  verbose?: boolean;
  json?: boolean;
}

const DEFAULT_TIMEOUT = 5_000;

export function call(): Command {
  const command = new Command('call')
    .description('Calls an endpoint, and prints its reply; a stream item by item.')
    .argument('<service>', "the service's name")
    .argument('<endpoint>', "the endpoint's name, or its subject")
    .argument('[json]', 'the payload; @file reads it from a file, - from stdin; none is an empty body')
    .option('-H, --header <name:value>', 'a header of the request; can be repeated', addHeader)
    .option('-p, --param <name=value>', 'a value for a named token of the subject; can be repeated', addParam)
    .option('--no-check', 'send the payload without holding it against the schema in INFO')
    .option('-v, --verbose', 'print subject and headers, too')
    .option('--json', 'print { subject, headers, data } or { subject, headers, error } on one line for each reply')
    .addHelpText(
      'after',
      examples(
        `natsmith call calculator add '{"a":1,"b":2}'`,
        `echo '{"a":1,"b":2}' | natsmith call calculator add - --json`,
        `natsmith call calculator math.add '{"a":1,"b":2}' --header trace:1 -v`,
      ),
    )
    .action(async (service: string, endpoint: string, json: string | undefined, flags: Flags) => {
      const payload = readPayload(json);
      await withClient(flags, async (client) => {
        const found = await findEndpoint(client, service, endpoint);
        const subject = subjectOf(found, flags.param ?? {});
        if (flags.check) checkPayload(found, payload.value);
        const request = { subject, body: payload.bytes, headers: flags.header ?? [] };
        await show(await exchange(client.connection, request, flags.timeout ?? DEFAULT_TIMEOUT), subject, flags);
      });
    });
  return withConnectionFlags(command);
}

async function show({ first, items }: Exchange, subject: string, flags: Flags): Promise<void> {
  if (isNoResponders(first)) throw new Failure(ExitCode.nobody, `nobody listens on ${subject} any more`);
  if (flags.verbose && !flags.json) printHead(first, subject);
  const error = errorIn(first);
  if (error !== undefined) throw refused(error, subject, flags, first);
  if (items === undefined) return printReply(first.data, subject, flags, first);
  try {
    for await (const item of items) printReply(item, subject, flags);
  } catch (cause) {
    if (cause instanceof StreamError) throw new Failure(ExitCode.nobody, cause.message, { cause });
    throw refused(cause as ServiceError, subject, flags);
  }
}

function printReply(data: Uint8Array, subject: string, flags: Flags, message?: Message): void {
  if (!flags.json) return printBody(data);
  const headers = message === undefined ? {} : { headers: headersOf(message) };
  process.stdout.write(`${JSON.stringify({ subject, ...headers, data: valueOf(data) ?? null })}\n`);
}

function refused(error: ServiceError, subject: string, flags: Flags, message?: Message): Failure {
  const { code, description, data } = error;
  if (flags.json) {
    const headers = message === undefined ? {} : { headers: headersOf(message) };
    process.stdout.write(`${JSON.stringify({ subject, ...headers, error: { code, description, data } })}\n`);
  }
  const more = data === undefined ? '' : `\n${JSON.stringify(data, undefined, 2)}`;
  return new Failure(ExitCode.refused, `${subject} answered with the error ${code}: ${harmless(description)}${more}`);
}

function printHead(message: Message, subject: string): void {
  print(paint.dim(subject));
  for (const [name, values] of Object.entries(headersOf(message)))
    for (const value of values) print(paint.dim(`${harmless(name)}: ${harmless(value)}`));
  print();
}
