import { aString, checkOptions, type OptionRule, type OptionRules } from '../options';
import { parseTemplate, subjectProblem } from '../services/subject';
import { makeCodec, type EventCodec } from './event-codec';
import type { Codec, CodecName, InputOf, ItemType, PayloadOf } from './payload-type';

/** What an event may say besides its subject and type. */
export interface EventOptions {
  /** Shown in descriptions of the services that publish or handle it. */
  readonly description?: string;
  /** How bodies are read and written; default `json`. */
  readonly codec?: CodecName | Codec;
}

/** A contract that publishers and subscribers share: a subject with named tokens, and what travels on it. */
export interface Event<Subject extends string = string, Type extends ItemType = ItemType> {
  readonly subject: Subject;
  readonly type: Type;
  readonly description: string;
  readonly codec: CodecName | Codec;
}

type Tokens<S extends string> = S extends `${infer Head}.${infer Rest}`
  ? Tokens<Head> | Tokens<Rest>
  : S extends `{${infer Name}}`
    ? Name
    : never;

/** The values of a subject's named tokens: `orders.{id}.placed` has `{ id }`. */
export type Params<Subject extends string, Value = string> = string extends Subject
  ? Readonly<Record<string, Value>>
  : { readonly [Name in Tokens<Subject>]: Value };

/** What a handler of the event gets; a union for a union of events. */
export type Received<E> = E extends Event<string, infer Type> ? PayloadOf<Type> : never;

/** What a publisher of the event sends: a schema's input. */
export type Sent<E> = E extends Event<string, infer Type> ? InputOf<Type> : never;

/** The values of an event's named tokens. */
export type ParamsOf<E, Value = string> = E extends Event<infer Subject> ? Params<Subject, Value> : never;

/** What refuses events that cannot be published, because their subject holds a wildcard. */
export type Publishable<E extends Event> = string extends E['subject']
  ? unknown
  : E['subject'] extends `${string}*${string}` | `${string}>`
    ? { 'a wildcard cannot be published to': E['subject'] }
    : unknown;

/** The last argument of `publish`: `params` are required where the event has named tokens. */
export type PublishArgs<E, Options> = keyof ParamsOf<E> extends never
  ? [options?: Options & { readonly params?: Record<string, never> }]
  : [options: Options & { readonly params: ParamsOf<E, string | number> }];

/**
 * Declares an event.
 * @param subject tokens joined by "."; a token such as `{id}` is a named one; `*` and `>` for events that are only received
 * @param type a class, `[Class]`, a Standard Schema, `'unchecked'` or `unchecked<T>()`
 * @throws TypeError when the subject is not valid or there is no type
 */
export function event<const Subject extends string, Type extends ItemType>(
  subject: Subject,
  type: Type,
  options: EventOptions = {},
): Event<Subject, Type> {
  const problem = subjectProblem(subject);
  if (problem !== undefined) throw new TypeError(`event subject ${problem}`);
  // Undefined where a file of events and a file of classes import each other.
  if ((type as unknown) === undefined || type === null)
    throw new TypeError(`event "${subject}" has no type; is it used before its declaration, or in a circular import?`);
  checkOptions(options, EVENT_OPTIONS, `event ${JSON.stringify(subject)}`);
  const made = { subject, type, description: options.description ?? '', codec: options.codec ?? 'json' };
  let codec: EventCodec | undefined;
  Object.defineProperty(made, CODEC, { value: () => (codec ??= makeCodec(made)) });
  return Object.freeze(made);
}

const aCodec: OptionRule = (value) => {
  const codec = value as Partial<Codec> | null;
  return ['json', 'text', 'bytes'].includes(value as string) ||
    (typeof codec === 'object' && typeof codec?.decode === 'function' && typeof codec.encode === 'function')
    ? undefined
    : '"json", "text", "bytes" or an object with decode(body) and encode(value)';
};
const EVENT_OPTIONS: OptionRules<EventOptions> = { description: aString, codec: aCodec };

/** An event brings its codec along, so that a bundle without events has nothing of it. */
const CODEC = Symbol.for('natsmith.event.codec');

/**
 * The codec of an event; made once for each event.
 * @throws TypeError for a class whose payloads cannot be checked
 */
export function eventCodecOf(event: Event): EventCodec {
  return (event as Event & Readonly<Record<typeof CODEC, () => EventCodec>>)[CODEC]();
}

/** Whether a value was made by {@link event}, by this copy of the package or another one. */
export function isEvent(value: unknown): value is Event {
  return typeof value === 'object' && value !== null && CODEC in value;
}

/**
 * The subject that an event is published on.
 * @param noun what errors call the event
 * @throws TypeError when a named token has no value, or one that is not a token
 */
export function eventSubject(
  event: Event,
  params: Readonly<Record<string, unknown>> | undefined = undefined,
  noun = 'event',
): string {
  const { subject } = event;
  const { tokens, named, isPublishable } = templateOf(event);
  if (isPublishable && named.length === 0 && params === undefined) return subject;
  const filled = [...tokens];
  for (const { name, index } of named) {
    const value = params?.[name];
    const token = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
    if (token === undefined)
      throw new TypeError(`${noun} "${subject}" needs a value for {${name}}: pass { params: { ${name}: '…' } }`);
    if (!PLAIN_TOKEN.test(token) && (token.includes('.') || subjectProblem(token, 'none') !== undefined))
      throw new TypeError(
        `${JSON.stringify(token)} cannot stand for {${name}} in "${subject}": a token has no ".", "*", ">", braces or white space`,
      );
    filled[index] = token;
  }
  for (const name in params)
    if (!named.some((one) => one.name === name)) throw new TypeError(`${noun} "${subject}" has no token {${name}}`);
  const whole = filled.join('.');
  const problem = isPublishable && whole.length <= SHORT ? undefined : subjectProblem(whole, 'none');
  if (problem !== undefined) throw new TypeError(`${noun} subject ${problem}`);
  return whole;
}

/** Tokens that need no closer look. */
const PLAIN_TOKEN = /^[A-Za-z0-9_-]+$/;
/** Characters of a subject that cannot be too long, as its tokens are checked one by one. */
const SHORT = 255;

interface Template {
  readonly tokens: readonly string[];
  readonly named: readonly { readonly name: string; readonly index: number }[];
  /** Whatever its named tokens are, it has no wildcard and is not malformed. */
  readonly isPublishable: boolean;
}

const templates = new WeakMap<Event, Template>();

function templateOf(event: Event): Template {
  let template = templates.get(event);
  if (template === undefined) {
    const { subject } = event;
    const tokens = subject.split('.');
    const named = parseTemplate(subject).params;
    const example = tokens.map((token, i) => (named.some(({ index }) => index === i) ? 'x' : token)).join('.');
    template = { tokens, named, isPublishable: subjectProblem(example, 'none') === undefined };
    templates.set(event, template);
  }
  return template;
}
