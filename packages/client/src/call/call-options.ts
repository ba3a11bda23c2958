import { aBoolean, aSignal, checkedElsewhere, type Duration, type OptionRules } from '@natsmith/protocol';
import { aBodyKind, type BodyKind } from './body';
import { POLICY_OPTIONS, type PolicyOptions } from './retry';
import type { HeaderValues } from './header-lines';
import type { StreamSettings } from '../stream/open';
import type { SubjectParams } from '../service/params';

/** What a call takes besides its payload. */
export interface CallOptions extends PolicyOptions {
  /**
   * How long each attempt waits before a TimeoutError: milliseconds, or a string such as `'2s'`. It is sent along, so that
   * the service stops, too. Default: the client's.
   */
  timeout?: Duration;
  /** Cancels the request: the promise rejects with its reason, and the handler's `ctx.signal` is aborted. */
  signal?: AbortSignal;
  headers?: HeaderValues;
  /** Values for the named tokens of the subject. */
  params?: SubjectParams;
  /** How the reply's body is read; default `json`. */
  as?: BodyKind;
}

/** What a call takes whose reply is a stream. A policy runs until its first item is there: what was read is not asked for again. */
export interface StreamOptions extends Omit<CallOptions, 'timeout'>, StreamSettings {
  /**
   * How long the stream may take as a whole, milliseconds or a string; default: no limit, but the first sign of life must
   * come within the timeout of calls.
   */
  timeout?: Duration;
}

/** What calls of a subject take that INFO says of a service's endpoint. */
interface SubjectOptions {
  /** Whether the request may be sent again after a timeout; default false. */
  idempotent?: boolean;
}

/** What `client.call` takes. */
export interface SubjectCallOptions extends CallOptions, SubjectOptions {}

/** What `client.stream` takes. */
export interface SubjectStreamOptions extends StreamOptions, SubjectOptions {}

export const CALL_OPTIONS: OptionRules<CallOptions> = {
  ...POLICY_OPTIONS,
  timeout: checkedElsewhere,
  signal: aSignal,
  headers: checkedElsewhere,
  params: checkedElsewhere,
  as: aBodyKind,
};

const STREAM_SETTINGS: OptionRules<StreamSettings> = {
  credit: checkedElsewhere,
  heartbeat: checkedElsewhere,
  itemTimeout: checkedElsewhere,
};

/** Those of calls, too: what a method is called with tells only later whether its reply is a stream. */
export const STREAM_OPTIONS: OptionRules<StreamOptions> = { ...CALL_OPTIONS, ...STREAM_SETTINGS };

export const SUBJECT_CALL_OPTIONS: OptionRules<SubjectCallOptions> = {
  ...CALL_OPTIONS,
  idempotent: aBoolean,
};

export const SUBJECT_STREAM_OPTIONS: OptionRules<SubjectStreamOptions> = {
  ...STREAM_OPTIONS,
  idempotent: aBoolean,
};
