/** A stream that broke: an item is missing, or the other end is gone. What came before was in order. */
export class StreamError extends Error {
  override readonly name = 'StreamError';

  constructor(
    message: string,
    /** Where the stream was asked for. */
    readonly subject: string,
  ) {
    super(message);
  }
}
