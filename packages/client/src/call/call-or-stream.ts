/** What waits for it goes on when the expression that made the call is over. */
const TURN = Promise.resolve();

/**
 * The reply of an endpoint that does not say whether it streams: a promise that can be iterated instead. Which of the
 * two is meant shows within the expression that makes the call, `for await (const item of service.method())`.
 */
export function callOrStream<Item>(
  call: () => Promise<Item>,
  stream: () => AsyncIterable<Item>,
  method: string,
): Promise<Item> & AsyncIterable<Item> {
  let meant: 'call' | 'stream' | undefined;
  const iterate = (): AsyncIterator<Item> => {
    if (meant !== undefined)
      throw new Error(
        `"${method}" was sent as a plain call, because its INFO metadata does not say { stream: "response" }; ` +
          'make it an async generator, or iterate it in the expression that calls it',
      );
    meant = 'stream';
    return stream()[Symbol.asyncIterator]();
  };
  const callLater = async (): Promise<Item> => {
    await TURN;
    if (meant !== undefined) return undefined as Item;
    meant = 'call';
    // Awaited here, a promise costs less than returned.
    const reply = await call();
    return reply;
  };
  return Object.assign(callLater(), { [Symbol.asyncIterator]: iterate });
}
