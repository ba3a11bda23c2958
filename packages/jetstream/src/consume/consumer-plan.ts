import {
  checkContract,
  checkedOptions,
  CONTRACT_OPTIONS,
  contractName,
  knownEvents,
  planContract,
  type HandlerDefinition,
  type HandlerPlan,
  type SourceSurroundings,
} from '@natsmith/core';
import {
  aBoolean,
  anObject,
  aString,
  checkedElsewhere,
  durationProblem,
  millisecondsOf,
  nameProblem,
  parseTemplate,
  subjectCovers,
  subjectProblem,
  subjectsOverlap,
  type Duration,
  type Event,
  type OptionRules,
} from '@natsmith/protocol';
import type { EventStream } from '../contract/event-stream';
import type { BatchOptions } from './batch-context';
import type { ConsumeMark, ConsumeOptions, RetryOptions } from './consumer-context';

/** A durable consumer and what becomes of its messages, as planned: shared by the plans of all its events. */
export interface ConsumerPlan {
  readonly stream: EventStream;
  readonly durable: string;
  readonly service: string;
  readonly handler: string;
  readonly events: readonly Event[];
  /** As the server filters, with `*` for named tokens. */
  readonly subjects: readonly string[];
  readonly concurrency: number;
  readonly attempts: number;
  /** Milliseconds before the second run, the third, and so on. */
  readonly delays: readonly number[];
  /** Milliseconds. */
  readonly ackWait: number;
  readonly maxAckPending: number;
  readonly from: NonNullable<ConsumeOptions['from']>;
  readonly confirm: boolean;
  /** One instance at a time. */
  readonly isExclusive: boolean;
  /** A token of the events: one message at a time for each value. */
  readonly orderBy: string | undefined;
  /** `wait` in milliseconds. */
  readonly batch: { readonly size: number; readonly wait: number } | undefined;
  /** What the subjects of dead letters begin with; undefined where none are kept. */
  readonly deadLetters: string | undefined;
}

/** A handler of one event of a consumer, planned. */
export interface ConsumedPlan extends HandlerPlan {
  readonly consumer: ConsumerPlan;
  readonly event: Event;
}

const DEFAULT_DELAYS: readonly Duration[] = ['1s', '5s', '30s', '2m'];
const { name, timeout, concurrency, metadata } = CONTRACT_OPTIONS;

const CONSUME_OPTIONS: OptionRules<ConsumeOptions> = {
  name,
  durable: aString,
  concurrency,
  retry: anObject,
  ackWait: checkedElsewhere,
  timeout,
  from: checkedElsewhere,
  maxAckPending: checkedElsewhere,
  confirm: aBoolean,
  exclusive: aBoolean,
  orderBy: aString,
  batch: anObject,
  deadLetters: checkedElsewhere,
  metadata,
};
const RETRY_OPTIONS: OptionRules<RetryOptions> = { attempts: checkedElsewhere, delays: checkedElsewhere };
const BATCH_OPTIONS: OptionRules<BatchOptions> = { size: checkedElsewhere, wait: checkedElsewhere };

/** Plans the handler of a consumer, once for each of its events. */
export function planConsumer(handler: HandlerDefinition, around: SourceSurroundings): ConsumedPlan[] {
  const { stream, events, options: given } = handler.mark.options as ConsumeMark;
  // Undefined where a file of contracts and a file of classes import each other.
  const { subjects } = (stream ?? {}) as { subjects?: unknown };
  if (!Array.isArray(subjects)) {
    around.mistake(
      'consumes a stream that eventStream() has not declared; is it used before its declaration, or in a circular import?',
    );
    return [];
  }
  const options = optionsOf(given, around);
  checkContract(handler, options, around);
  checkConsumer(options, around);
  const known = knownEvents(events, 'consumes', around);
  for (const { subject } of known) {
    const pattern = parseTemplate(subject).subject;
    if (!stream.subjects.some((one) => subjectCovers(one, pattern)))
      around.mistake(
        `consumes "${subject}", which stream "${stream.name}" does not store; add the event to its events`,
      );
  }
  const { batch, orderBy } = options;
  if (orderBy !== undefined)
    for (const { subject } of known)
      if (!parseTemplate(subject).params.some(({ name }) => name === orderBy))
        around.mistake(`orders by {${orderBy}}, which "${subject}" does not have; name a token of all its events`);
  const handlerName = contractName(handler, options);
  const durable = options.durable ?? `${around.service}-${handlerName}`;
  around.mistake(prefixed('durable name ', nameProblem(durable)));
  const consumer: ConsumerPlan = Object.freeze({
    stream,
    durable,
    service: around.service,
    handler: handlerName,
    events: known,
    subjects: [...new Set(known.map(({ subject }) => parseTemplate(subject).subject))],
    concurrency: options.concurrency ?? 1,
    ...retryOf(options.retry),
    ackWait: millisecondsOf(options.ackWait ?? '30s'),
    maxAckPending: options.maxAckPending ?? 10_000,
    from: options.from ?? 'all',
    confirm: options.confirm ?? false,
    isExclusive: options.exclusive ?? options.orderBy !== undefined,
    orderBy: options.orderBy,
    batch: batch === undefined ? undefined : { size: batch.size, wait: millisecondsOf(batch.wait) },
    deadLetters: options.deadLetters === false ? undefined : (options.deadLetters ?? 'dead'),
  });
  const { deadLetters } = consumer;
  const letters = `${deadLetters ?? ''}.${stream.name}.${durable}.*`;
  // Each letter would be handled and buried again, without an end.
  if (deadLetters !== undefined && consumer.subjects.some((one) => subjectsOverlap(one, letters)))
    around.mistake(
      `consumes its own dead letters, "${letters}"; set { deadLetters: false }, or a subject that it does not consume`,
    );
  const facts = {
    kind: batch === undefined ? 'consumer' : 'batch',
    queueGroup: durable,
    metadata: { stream: stream.name },
  };
  return known.map((event) => ({ ...planContract(handler, event, options, facts, around), consumer, event }));
}

function optionsOf(given: unknown, around: SourceSurroundings): ConsumeOptions {
  const options = checkedOptions(given, CONSUME_OPTIONS, '@Consume', (problem) => around.mistake(problem));
  if (options.batch !== undefined) checkedWithin('batch', options.batch, BATCH_OPTIONS, around);
  return options;
}

function checkConsumer(options: ConsumeOptions, around: SourceSurroundings): void {
  const mistake = (problem: string | undefined): void => around.mistake(problem);
  const { retry, ackWait, from, maxAckPending, deadLetters, batch, orderBy, exclusive } = options;
  if (orderBy !== undefined && exclusive === false)
    mistake('orders by a token without being exclusive: two instances would not keep the order; leave exclusive out');
  if (orderBy !== undefined && batch !== undefined)
    mistake('has orderBy and batch; a batch holds messages of many values, so leave one of them out');
  if (batch !== undefined) {
    const { size, wait } = batch as Partial<BatchOptions>;
    if (!(Number.isSafeInteger(size) && size! >= 1 && size! <= 10_000))
      mistake(`batch.size must be a whole number from 1 to 10000, got ${JSON.stringify(size)}`);
    mistake(prefixed('batch.wait ', durationProblem(wait, 0)));
  }
  if (ackWait !== undefined) mistake(prefixed('ackWait ', durationProblem(ackWait, 100)));
  mistake(countProblem('maxAckPending', maxAckPending));
  checkRetry(retry, around);
  if (deadLetters !== undefined && deadLetters !== false)
    mistake(prefixed('deadLetters ', subjectProblem(deadLetters, 'none', 'plain')));
  if (from === undefined || from === 'all' || from === 'new') return;
  if (from instanceof Date ? Number.isNaN(from.getTime()) : !(Number.isSafeInteger(from) && from > 0))
    mistake(`from must be "all", "new", a Date or a sequence of 1 or more, got ${String(from)}`);
}

/** Attempts and delays as they count. */
export function retryOf(retry: RetryOptions | undefined): Pick<ConsumerPlan, 'attempts' | 'delays'> {
  return { attempts: retry?.attempts ?? 5, delays: (retry?.delays ?? DEFAULT_DELAYS).map(millisecondsOf) };
}

export function checkRetry(retry: RetryOptions | undefined, around: SourceSurroundings): void {
  if (retry !== undefined) checkedWithin('retry', retry, RETRY_OPTIONS, around);
  around.mistake(countProblem('retry.attempts', retry?.attempts));
  const delays: unknown = retry?.delays;
  if (delays !== undefined && (!Array.isArray(delays) || delays.length === 0))
    around.mistake('retry.delays must be an array of at least one duration, such as ["1s", "5s"]');
  else
    for (const delay of (delays ?? []) as unknown[])
      around.mistake(prefixed('retry.delays: each ', durationProblem(delay, 0)));
}

/** Checks the names of options that are an object of their own. */
function checkedWithin<Options extends object>(
  option: string,
  given: Options,
  rules: OptionRules<Options>,
  around: SourceSurroundings,
): void {
  checkedOptions(given, rules, option, (problem) => around.mistake(`${option} ${problem}`));
}

function countProblem(name: string, value: unknown): string | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 1)) return undefined;
  return `${name} must be a whole number, 1 or more, got ${JSON.stringify(value)}`;
}

function prefixed(words: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : words + problem;
}
