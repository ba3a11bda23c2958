import { ServiceError, StreamError, TimeoutError, type EndpointInfo, type ServiceClient } from '@natsmith/client';
import { isNoResponders, type Message } from '@natsmith/protocol';
import { Command } from 'commander';
import type { NatsConnection } from 'nats';
import { checkPayload } from '../call/check-payload';
import { exchange } from '../call/exchange';
import { addHeader, headerValues, type HeaderLine } from '../call/headers';
import { readItems, readPayload } from '../call/payload';
import { describeError, errorIn, headersOf, printBody, valueOf } from '../call/reply';
import { addParam, findEndpoint, subjectOf } from '../call/target';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { ExitCode, Failure } from '../exit';
import { harmless } from '../output/harmless';
import { paint, print, printJsonLine } from '../output/output';

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

/** One call, whose shape INFO tells: plain or with a stream, on either side. */
class Call {
  constructor(
    private readonly client: ServiceClient<NatsConnection>,
    private readonly endpoint: EndpointInfo,
    private readonly subject: string,
    private readonly flags: Flags,
  ) {}

  async run(json: string | undefined): Promise<void> {
    const { stream = '' } = this.endpoint.metadata;
    const takesStream = /^(request|both)$/.test(stream);
    const payload = takesStream ? readItems(json) : await this.payload(json);
    try {
      if (/^(response|both)$/.test(stream)) await this.printStream(payload);
      else if (takesStream) await this.upload(payload);
      else await this.printReplyTo(payload as Uint8Array);
    } catch (cause) {
      if (cause instanceof ServiceError) throw this.refused(cause);
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

  private async printReplyTo(body: Uint8Array): Promise<void> {
    const { timeout = DEFAULT_TIMEOUT, header: headers = [] } = this.flags;
    const request = { subject: this.subject, body, headers };
    const { first: reply, items } = await exchange(this.client.connection, request, timeout);
    if (isNoResponders(reply)) throw new Failure(ExitCode.nobody, `no responders on ${this.subject} any more`);
    this.printHead(reply);
    const error = errorIn(reply);
    if (error !== undefined) throw this.refused(error, reply);
    if (items === undefined) return this.printReply(reply.data, reply);
    leaveOnSignal(() => void items.return?.());
    for await (const item of items) this.printReply(item);
  }

  private async upload(items: unknown): Promise<void> {
    const { timeout = Infinity } = this.flags;
    const options = { timeout, headers: headerValues(this.flags.header), as: 'bytes' } as const;
    const reply = await this.client.call<Uint8Array>(this.subject, items, options);
    this.printHead();
    this.printReply(reply);
  }

  private async printStream(payload: unknown): Promise<void> {
    const left = new AbortController();
    leaveOnSignal(() => left.abort());
    const options = { headers: headerValues(this.flags.header), as: 'bytes', signal: left.signal } as const;
    const { timeout = Infinity } = this.flags;
    this.printHead();
    try {
      const items = this.client.stream<Uint8Array>(this.subject, payload, {
        ...options,
        ...(timeout < Infinity && { timeout }),
      });
      for await (const item of items) this.printReply(item);
    } catch (error) {
      if (!left.signal.aborted) throw error;
    }
  }

  private printHead(reply?: Message): void {
    if (!this.flags.verbose || this.flags.json) return;
    print(paint.dim(harmless(this.subject)));
    for (const [name, values] of Object.entries(reply === undefined ? {} : headersOf(reply)))
      for (const value of values) print(paint.dim(`${harmless(name)}: ${harmless(value)}`));
    print();
  }

  private printReply(data: Uint8Array, reply?: Message): void {
    if (!this.flags.json) return printBody(data);
    printJsonLine({ subject: this.subject, ...this.headersIn(reply), data: valueOf(data) ?? null });
  }

  private refused(error: ServiceError, reply?: Message): Failure {
    const { code, description, data } = error;
    if (this.flags.json)
      printJsonLine({ subject: this.subject, ...this.headersIn(reply), error: { code, description, data } });
    return new Failure(ExitCode.refused, `${this.subject} answered with the error ${describeError(error)}`);
  }

  private headersIn(reply: Message | undefined): { headers?: Record<string, string[]> } {
    return reply === undefined ? {} : { headers: headersOf(reply) };
  }
}

/** Ctrl-C leaves a stream. */
function leaveOnSignal(leave: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
}
