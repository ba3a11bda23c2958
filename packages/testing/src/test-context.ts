import type {
  BaseContext,
  BoundLogger,
  ContextOf,
  EventContext,
  HandlerInfo,
  Kind,
  RequestContext,
  ServiceError,
} from '@natsmith/core';
import {
  anObject,
  aSignal,
  aString,
  checkedElsewhere,
  checkOptions,
  eventSubject,
  oneOf,
  isEvent,
  parseTemplate,
  subjectCovers,
  subjectProblem,
  type Event,
  type OptionRules,
  type PublishArgs,
} from '@natsmith/protocol';
import { TestHeaders, type HeaderValues } from './test-headers';

const nothing = (): void => undefined;
const SILENT: BoundLogger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

type Values = Readonly<Record<string, string | number>>;

/** What a test says of the message that a handler is called with; what it leaves out has a default. */
export interface TestContextOptions {
  readonly headers?: HeaderValues;
  readonly service?: Partial<RequestContext['service']>;
  /** The handler; its subject and queue group have defaults that go with the message. */
  readonly handler?: Partial<HandlerInfo>;
  /** Default: one that is never aborted. */
  readonly signal?: AbortSignal;
  /** Default: one that is never aborted. */
  readonly stopping?: AbortSignal;
  /** Default: none. */
  readonly deadline?: Date;
  /** Where the handler logs; default: nowhere. */
  readonly log?: BoundLogger;
  /** Default `test`. */
  readonly requestId?: string;
  readonly traceId?: string;
  /** What middleware has left for the handler. */
  readonly state?: Iterable<readonly [unknown, unknown]>;
  /** The client library's own message. */
  readonly message?: unknown;
}

/** What a test says of a request. */
export interface TestRequestContextOptions extends TestContextOptions {
  readonly kind?: 'endpoint';
  /** As the endpoint has it, `orders.{id}.get`, or as the message has it. Default `test`. */
  readonly subject?: string;
  readonly params?: Values;
}

/** What a test says of an event besides the values of its named tokens. */
export interface TestEventContextOptions extends TestContextOptions {
  /** That of the message; needed only where the event's has a wildcard. */
  readonly subject?: string;
}

/** Kinds that packages add to `ContextKinds`. */
export type OtherKind = Exclude<Kind, 'endpoint' | 'event'>;

/** What a test says of a message of another kind: besides what all contexts have, all that is the kind's own. */
export type TestKindContextOptions<K extends OtherKind> = TestContextOptions & {
  readonly kind: K;
  readonly subject?: string;
  readonly params?: Values;
} & Omit<ContextOf<K>, keyof BaseContext>;

/** What resolves `ctx.finished` in a test. */
export interface Finishable {
  /** Settles the outcome: the reply, or the last item of its stream, has gone out, or the message has failed. */
  finish(error?: ServiceError): void;
}

/** The context of a request. */
export interface TestRequestContext extends RequestContext, Finishable {
  /** Can be read, too: what the handler has set. */
  readonly replyHeaders: TestHeaders;
}

/** The context of an event. */
export type TestEventContext<E extends Event = Event> = EventContext<E> & Finishable;

const CONTEXT_OPTIONS: OptionRules<TestRequestContextOptions> = {
  kind: oneOf('endpoint'),
  subject: checkedElsewhere,
  params: anObject,
  headers: checkedElsewhere,
  service: anObject,
  handler: anObject,
  signal: aSignal,
  stopping: aSignal,
  deadline: checkedElsewhere,
  log: anObject,
  requestId: aString,
  traceId: aString,
  state: checkedElsewhere,
  message: checkedElsewhere,
};

/**
 * Makes a context for a unit test that calls a handler or middleware by hand: of a request, of the event that is given
 * first, or with `kind` of a handler that another package adds, with what is the kind's own beside it.
 * @throws TypeError when a message could not have such a subject, params or headers
 */
// An event has a subject, too; without its params it is not to be taken for options.
export function testContext(options?: TestRequestContextOptions & { readonly type?: never }): TestRequestContext;
export function testContext<K extends OtherKind>(options: TestKindContextOptions<K>): ContextOf<K> & Finishable;
export function testContext<E extends Event>(
  event: E,
  ...options: PublishArgs<E, TestEventContextOptions>
): TestEventContext<E>;
export function testContext(
  first: TestRequestContextOptions | KindOptions | Event = {},
  options?: TestEventContextOptions & { readonly params?: Values },
): BaseContext {
  if (isEvent(first)) {
    if (options !== undefined) checkOptions(options, CONTEXT_OPTIONS, 'testContext()');
    return ofEvent(first, options);
  }
  if (isOfKind(first)) return ofKind(first);
  checkOptions(first, CONTEXT_OPTIONS, 'testContext()');
  const { subject: template = 'test', params = {} } = first;
  const message = messageContext(first, template, fill(template, params), params, 'q');
  const { name, subject, queueGroup } = message.handler;
  const request: TestRequestContext = {
    kind: 'endpoint',
    ...message,
    endpoint: { name, subject, queueGroup },
    replyHeaders: new TestHeaders(),
  };
  return request;
}

type KindOptions = Omit<TestRequestContextOptions, 'kind'> & { readonly kind: string };

function isOfKind(options: TestRequestContextOptions | KindOptions): options is KindOptions {
  return options.kind !== undefined && options.kind !== 'endpoint';
}

function ofKind(options: KindOptions): BaseContext {
  const { subject: template = 'test', params = {}, headers, service, handler, signal, ...others } = options;
  const { stopping, deadline, log, requestId, traceId, state, message, ...own } = others;
  const all = { headers, service, handler, signal, stopping, deadline, log, requestId, traceId, state, message };
  const given = all as TestContextOptions;
  return { ...own, ...messageContext(given, template, fill(template, params), params, '') };
}

function ofEvent(event: Event, options: TestEventContextOptions & { readonly params?: Values } = {}): TestEventContext {
  const { subject = eventSubject(event, options.params) } = options;
  const { subject: pattern, params: named } = parseTemplate(event.subject);
  if (!subjectCovers(pattern, checked(subject)))
    throw new TypeError(`no event "${event.subject}" has the subject ${JSON.stringify(subject)}`);
  const tokens = subject.split('.');
  const params = Object.fromEntries(named.map(({ name, index }) => [name, tokens[index] ?? '']));
  // As `@Subscribe` has it where nothing else is said.
  const queueGroup = `${options.service?.name ?? 'test'}-${options.handler?.name ?? 'test'}`;
  return { kind: 'event', event, ...messageContext(options, event.subject, subject, params, queueGroup), params };
}

function messageContext(
  options: TestContextOptions,
  template: string,
  subject: string,
  params: Values,
  queueGroup: string,
): Omit<BaseContext, 'kind'> & Finishable {
  let settle!: (end: { readonly error?: ServiceError }) => void;
  const finished = new Promise<{ readonly error?: ServiceError }>((resolve) => (settle = resolve));
  return {
    subject,
    params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])),
    headers: new TestHeaders(options.headers),
    service: { name: 'test', version: '0.0.0', id: 'test', ...options.service },
    handler: {
      name: 'test',
      subject: parseTemplate(template).subject,
      queueGroup,
      metadata: {},
      ...options.handler,
    },
    signal: options.signal ?? new AbortController().signal,
    stopping: options.stopping ?? new AbortController().signal,
    deadline: options.deadline,
    log: options.log ?? SILENT,
    requestId: options.requestId ?? 'test',
    traceId: options.traceId,
    finished,
    finish: (error) => settle(error === undefined ? {} : { error }),
    state: new Map(options.state),
    message: options.message,
  };
}

/** A subject as a message has it; values without a token are taken as they are. */
function fill(template: string, params: Values): string {
  const tokens = template.split('.');
  for (const { name, index } of parseTemplate(template).params) {
    const value = params[name];
    if (value === undefined)
      throw new TypeError(`subject "${template}" needs a value for {${name}}: pass { params: { ${name}: '…' } }`);
    if (String(value).includes('.'))
      throw new TypeError(`${JSON.stringify(value)} cannot stand for {${name}} in "${template}": a token has no "."`);
    tokens[index] = String(value);
  }
  return checked(tokens.join('.'));
}

function checked(subject: string): string {
  const problem = subjectProblem(subject, 'none');
  if (problem !== undefined) throw new TypeError(`subject ${problem}`);
  return subject;
}
