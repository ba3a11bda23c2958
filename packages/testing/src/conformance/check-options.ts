import { aBoolean, anObject, aString, checkedElsewhere, type Duration, type OptionRules } from '@natsmith/protocol';

/** What `checkService` takes besides the service's name. */
export interface CheckOptions {
  /** One instance; default: all. */
  id?: string;
  /**
   * Calls endpoints, with junk, without a reply subject and many at a time, too. Without it only endpoints are called,
   * a few times, that say they are `idempotent` in their metadata.
   */
  load?: boolean;
  /** The endpoint that is called, by its name; default: each that has a literal subject. */
  endpoint?: string;
  /** What calls send, as JSON; default: a sample of the endpoint's `request_schema`, else an empty body. */
  payload?: unknown;
  /** Values for the named tokens of the endpoints' subjects; tokens without a name are given by their place, from "1". */
  params?: Readonly<Record<string, string>>;
  /** Headers of the calls, for a service behind authentication. */
  headers?: Readonly<Record<string, string | readonly string[]>>;
  /** How long to wait for an answer: milliseconds, or a string such as `'5s'`; default 2,000 ms. */
  timeout?: Duration;
  /** The prefix of the discovery subjects, where an account import renames it; default `$SRV`. */
  prefix?: string;
}

export const CHECK_OPTIONS: OptionRules<CheckOptions> = {
  id: aString,
  load: aBoolean,
  endpoint: aString,
  payload: checkedElsewhere,
  params: anObject,
  headers: anObject,
  timeout: checkedElsewhere,
  prefix: aString,
};
