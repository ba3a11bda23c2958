import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import { Argument, Command, InvalidArgumentError } from 'commander';
import type { NatsConnection } from 'nats';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { parseTimeout } from '../duration';
import { listed } from '../discover';
import { examples } from '../example';
import { ExitCode, Failure, wrongUse } from '../exit';
import { jetStreamFailures } from '../jetstream/failure';
import { note, print, printJson } from '../output/output';
import { table } from '../output/table';

interface Flags extends ConnectionFlags {
  for?: number;
  json?: boolean;
}

/** What `consumers --json` prints for each. */
interface Listed {
  stream: string;
  consumer: string;
  /** Messages that have not been delivered yet. */
  lag: number;
  /** Delivered, and neither acknowledged nor given back. */
  unacknowledged: number;
  /** Of those, how many not for the first time. */
  redelivered: number;
  /** Pulls that wait for messages. */
  waiting: number;
  paused: boolean;
  /** ISO 8601, where it is paused. */
  pausedUntil?: string;
  /** That it belongs to, where natsmith has made it. */
  service?: string;
}

const MAX_CONSUMERS = 10_000;
// The server's error codes.
const NO_CONSUMER = 10_014;
const NO_STREAM = 10_059;
const A_YEAR = 365 * 86_400_000;

export function consumers(): Command {
  const command = new Command('consumers')
    .description('Lists the consumers of streams, with what waits for them; pauses and resumes one.')
    .addArgument(new Argument('[action]', 'what to do').choices(['ls', 'pause', 'resume']).default('ls'))
    .argument('[stream]', 'the stream; with ls all, where none is named')
    .argument('[consumer]', "the consumer's durable name")
    .option('--for <duration>', 'with pause: for how long, such as 30m; default: until it is resumed', parsePause)
    .option('--json', 'print { stream, consumer, lag, unacknowledged, redelivered, waiting, paused } of each')
    .addHelpText(
      'after',
      examples(
        'natsmith consumers',
        'natsmith consumers pause ORDERS mailer-mail --for 30m',
        'natsmith consumers resume ORDERS mailer-mail',
      ),
    )
    .action(async (action: string, stream: string | undefined, consumer: string | undefined, flags: Flags) => {
      if (action !== 'ls' && (stream === undefined || consumer === undefined))
        throw wrongUse(`name the stream and the consumer: natsmith consumers ${action} <stream> <consumer>`);
      await withClient(flags, ({ connection }) =>
        jetStreamFailures(async () => {
          const { jetstreamManager } = await import('@nats-io/jetstream');
          // A connection of either client library.
          const manager = await jetstreamManager(connection as never, { checkAPI: false, timeout: boundOf(flags) });
          try {
            if (action !== 'ls') {
              checkVersion(connection);
              await pauseOrResume(manager, action, [stream ?? '', consumer ?? ''], flags);
            }
            show(await list(manager, stream, consumer), flags);
          } catch (error) {
            throw (await missing(manager, error, stream, consumer).catch(() => undefined)) ?? error;
          }
        }),
      );
    });
  return withConnectionFlags(command);
}

async function list(manager: JetStreamManager, stream?: string, consumer?: string): Promise<Listed[]> {
  if (stream !== undefined && consumer !== undefined)
    return [summaryOf(await manager.consumers.info(stream, consumer))];
  const names: string[] = [];
  if (stream === undefined) for await (const name of manager.streams.names()) names.push(name);
  else names.push(stream);
  const all: Listed[] = [];
  for (const name of names.sort())
    for await (const info of manager.consumers.list(name)) {
      all.push(summaryOf(info));
      if (all.length === MAX_CONSUMERS) {
        note(`the first ${MAX_CONSUMERS} consumers; name a stream to see others`);
        return all;
      }
    }
  return all;
}

async function pauseOrResume(
  manager: JetStreamManager,
  action: string,
  [stream, consumer]: [string, string],
  { for: time = A_YEAR }: Flags,
): Promise<void> {
  if (action === 'pause') await manager.consumers.pause(stream, consumer, new Date(Date.now() + time));
  else await manager.consumers.resume(stream, consumer);
}

/** The error for a name that the server does not know, which says the names that it knows. */
async function missing(
  manager: JetStreamManager,
  error: unknown,
  stream: string | undefined,
  consumer: string | undefined,
): Promise<Failure | undefined> {
  if (stream === undefined) return undefined;
  const { code } = error as { code?: unknown };
  const known: string[] = [];
  if (code === NO_STREAM) for await (const name of manager.streams.names()) known.push(name);
  else if (code === NO_CONSUMER) for await (const { name } of manager.consumers.list(stream)) known.push(name);
  else return undefined;
  const what =
    code === NO_STREAM ? `there is no stream "${stream}"` : `stream "${stream}" has no consumer "${consumer ?? ''}"`;
  return new Failure(
    ExitCode.refused,
    `${what}; there ${known.length === 1 ? 'is' : 'are'} ${listed(known) || 'none'}`,
  );
}

function summaryOf(info: ConsumerInfo): Listed {
  const { stream_name: stream, name: consumer, num_pending, num_ack_pending, num_redelivered, num_waiting } = info;
  const { paused = false, pause_remaining: remaining = 0 } = info as { paused?: boolean; pause_remaining?: number };
  const service = info.config.metadata?.['natsmith.service'];
  return {
    stream,
    consumer,
    lag: num_pending,
    unacknowledged: num_ack_pending,
    redelivered: num_redelivered,
    waiting: num_waiting,
    paused,
    ...(paused && { pausedUntil: new Date(Date.now() + remaining / 1_000_000).toISOString() }),
    ...(service !== undefined && { service }),
  };
}

function show(all: readonly Listed[], { json = false }: Flags): void {
  if (json) return printJson(all);
  if (all.length === 0) return print('there are no consumers');
  const right = (head: string) => ({ head, align: 'right' as const });
  print(
    table(
      [
        'stream',
        'consumer',
        right('lag'),
        right('unacknowledged'),
        right('redelivered'),
        right('waiting pulls'),
        'paused until',
        'service',
      ],
      all.map((one) => [
        one.stream,
        one.consumer,
        one.lag,
        one.unacknowledged,
        one.redelivered,
        one.waiting,
        one.pausedUntil ?? '',
        one.service ?? '',
      ]),
    ),
  );
}

function boundOf({ timeout = 5_000 }: Flags): number {
  return Math.min(timeout, 2 ** 31 - 1);
}

function checkVersion({ info }: NatsConnection): void {
  const [major = NaN, minor = NaN] = (info?.version ?? '').split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 11))
    throw new Failure(ExitCode.refused, `pausing needs nats-server 2.11, and this is ${info?.version ?? 'older'}`);
}

function parsePause(text: string): number {
  const milliseconds = parseTimeout(text);
  if (milliseconds > 0 && milliseconds <= 100 * A_YEAR) return milliseconds;
  throw new InvalidArgumentError('give a duration, such as 30m or 2h.');
}
