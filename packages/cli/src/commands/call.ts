import {
  NoRespondersError,
  ServiceError,
  StreamError,
  TimeoutError,
  type EndpointInfo,
  type ServiceClient,
} from '@natsmith/client';
import { SEQUENCE_HEADER } from '@natsmith/protocol';
import { Command } from 'commander';
import { checkPayload } from '../call/check-payload';
import { addHeader, headerValues, type HeaderLine } from '../call/headers';
import { readItems, readPayload } from '../call/payload';
import { describeError, errorForPrograms, headersOf, headersOfError, printBody, valueOf } from '../call/reply';
import { addParam, findEndpoint, subjectOf } from '../call/target';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { ExitCode, Failure } from '../exit';
import { harmless } from '../output/harmless';
import { note, paint, print, printJsonLine } from '../output/output';

interface Flags extends ConnectionFlags {
  header?: HeaderLine[];
  param?: Record<string, string>;
  check: boolean;
  stream?: boolean;
  verbose?: boolean;
  json?: boolean;
}

const DEFAULT_TIMEOUT = 5_000;

export function call(): Command {
  const command = new Command('call')
    .description(
      'Calls an endpoint, and prints its reply. A stream is printed item by item, until it ends or Ctrl-C leaves it.',
    )
    .argument('<service>', "the service's name")
    .argument('<endpoint>', "the endpoint's name, or its subject")
    .argument(
      '[json]',
      'the payload; @file reads it from a file, - from stdin; none is an empty body.\n' +
        'Where the endpoint takes a stream, each line of the file or of stdin is an item',
    )
    .option('-H, --header <name:value>', 'a header of the request; can be repeated', addHeader)
    .option('-p, --param <name=value>', 'a value for a named token of the subject; can be repeated', addParam)
    .option('--no-check', 'send the payload without checking it against the schema in INFO')
    .option('--stream', 'read the reply as a stream, also where INFO does not say that it is one')
    .option('-v, --verbose', 'print subject and headers, too')
    .option('--json', 'print { subject, headers, data } or { subject, headers, error } on one line for each reply')
    .addHelpText(
      'after',
      examples(
        `natsmith call calculator add '{"a":1,"b":2}'`,
        `echo '{"a":1,"b":2}' | natsmith call calculator add - --json`,
        `natsmith call calculator math.add '{"a":1,"b":2}' --header trace:1 -v`,
        `seq 1 3 | natsmith call calculator sum -`,
      ),
    )
    .action((service: string, endpoint: string, json: string | undefined, flags: Flags) =>
      withClient(flags, async (client) => {
        const found = await findEndpoint(client, service, endpoint);
        const subject = subjectOf(found, flags.param ?? {});
        await new Call(client, found, subject, flags).run(json);
      }),
    );
  return withConnectionFlags(command);
}

/** One call, whose shape INFO shows: plain or with a stream, on either side. */
class Call {
  constructor(
    private readonly client: ServiceClient,
    private readonly endpoint: EndpointInfo,
    private readonly subject: string,
    private readonly flags: Flags,
  ) {}

  async run(json: string | undefined): Promise<void> {
    const { stream = '' } = this.endpoint.metadata;
    const takesStream = /^(request|both)$/.test(stream);
    const givesStream = this.flags.stream === true || /^(response|both)$/.test(stream);
    const payload = takesStream ? readItems(json) : await this.payload(json);
    // What takes time on either side is not cut off, unless somebody says so.
    const { timeout = takesStream || givesStream ? Infinity : DEFAULT_TIMEOUT } = this.flags;
    try {
      if (givesStream) await this.printStream(payload, timeout);
      else await this.printReplyTo(payload, timeout);
    } catch (cause) {
      if (cause instanceof NoRespondersError) throw new Failure(ExitCode.nobody, cause.description, { cause });
      if (cause instanceof ServiceError) throw this.refused(cause, givesStream ? undefined : headersOfError(cause));
      if (cause instanceof TimeoutError || cause instanceof StreamError)
        throw new Failure(ExitCode.nobody, cause.message, { cause });
      throw cause;
    }
  }

  private async payload(json: string | undefined): Promise<Uint8Array> {
    const { bytes, value } = readPayload(json);
    if (this.flags.check) await checkPayload(this.endpoint, value);
    return bytes;
  }

  private async printReplyTo(payload: unknown, timeout: number): Promise<void> {
    const options = { timeout, headers: headerValues(this.flags.header), as: 'bytes' } as const;
    const { data, headers } = await this.client.request<Uint8Array>(this.subject, payload, options);
    this.printHead(headersOf(headers));
    this.printReply(data, headersOf(headers));
    if (headers.has(SEQUENCE_HEADER))
      note(`${this.subject} answered with a stream, though its INFO does not say so; --stream reads all of it`);
  }

  private async printStream(payload: unknown, timeout: number): Promise<void> {
    const left = new AbortController();
    leaveOnSignal(() => left.abort());
    const options = { headers: headerValues(this.flags.header), as: 'bytes', signal: left.signal, timeout } as const;
    this.printHead();
    try {
      for await (const item of this.client.stream<Uint8Array>(this.subject, payload, options)) this.printReply(item);
    } catch (error) {
      if (!left.signal.aborted) throw error;
    }
  }

  private printHead(headers: Record<string, string[]> = {}): void {
    if (!this.flags.verbose || this.flags.json) return;
    print(paint.dim(harmless(this.subject)));
    for (const [name, values] of Object.entries(headers))
      for (const value of values) print(paint.dim(`${harmless(name)}: ${harmless(value)}`));
    print();
  }

  private printReply(data: Uint8Array, headers?: Record<string, string[]>): void {
    if (!this.flags.json) return printBody(data);
    printJsonLine({ subject: this.subject, ...(headers && { headers }), data: valueOf(data) ?? null });
  }

  private refused(error: ServiceError, headers?: Record<string, string[]>): Failure {
    if (headers !== undefined) this.printHead(headers);
    if (this.flags.json)
      printJsonLine({ subject: this.subject, ...(headers && { headers }), error: errorForPrograms(error) });
    return new Failure(ExitCode.refused, `${this.subject} answered with the error ${describeError(error)}`);
  }
}

/** Ctrl-C leaves a stream. */
function leaveOnSignal(leave: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
}
