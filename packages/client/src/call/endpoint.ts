/** An endpoint as a call needs it. */
export interface Endpoint {
  /** Where it listens; `*` in the place of named tokens. */
  readonly subject: string;
  /** The subject with its named tokens, such as `orders.{id}.get`. */
  readonly template: string;
  /** Whether values have to be filled in. */
  readonly hasTokens: boolean;
  /** Whether its payload is a stream; undefined where nothing says so. */
  readonly takesStream: boolean | undefined;
  readonly isIdempotent: boolean;
}
